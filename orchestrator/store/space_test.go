package store

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestUnwritable: a folder that is not there yet is judged by the one that it
// would be made in.
func TestUnwritable(t *testing.T) {
	dir := t.TempDir()
	at := func(path string) error {
		s, err := At(path)
		if err != nil {
			t.Fatal(err)
		}
		return s.Unwritable()
	}
	if err := at(filepath.Join(dir, "a", "b")); err != nil {
		t.Error(err)
	}
	shut := filepath.Join(dir, "shut")
	if err := os.Mkdir(shut, 0o555); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() != 0 {
		if err := at(filepath.Join(shut, "runs")); err == nil || !strings.Contains(err.Error(), "nothing can be written into "+shut+": permission denied: name another store with --store") {
			t.Error(err)
		}
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := At(file); err == nil || !strings.Contains(err.Error(), "is a file and no folder: name another with --store") {
		t.Error(err)
	}
}
