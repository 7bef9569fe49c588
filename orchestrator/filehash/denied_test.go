package filehash_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"testing"

	"kizu/orchestrator/filehash"
	"kizu/orchestrator/filehash/filetest"
)

// TestDenied: who may not read what, and what to do, of a file, a folder, and a file in a
// folder that cannot be entered.
func TestDenied(t *testing.T) {
	for shut, rights := range map[string]string{"a/b/photo.png": "r", "a/b": "rx", "a": "rx"} {
		f := filetest.New(t)
		f.Text("a/b/photo.png", "pixels")
		f.Shut(shut, func() {
			_, err := filehash.File(f.Path("a/b/photo.png"))
			filetest.Fails(t, err, "user ", fmt.Sprintf(" may not read %s: ", f.Path(shut)), fmt.Sprintf("+%s %s", rights, f.Path(shut)))
			if !errors.Is(err, fs.ErrPermission) {
				t.Errorf("%v is no lack of permission", err)
			}
			if _, err := filehash.ReadDir(f.Path("a/b")); rights == "rx" {
				filetest.Fails(t, err, " may not read "+f.Path(shut))
			}
		})
	}
	if _, err := filehash.ReadDir(t.TempDir() + "/gone"); !errors.Is(err, os.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		t.Error(err)
	}
}
