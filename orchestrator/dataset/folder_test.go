package dataset

import (
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// folder writes files below a new folder. The content of a picture is its
// shade: files of the same shade are the same picture.
type folder struct {
	*testing.T
	root string
}

func newFolder(t *testing.T) folder { return folder{t, t.TempDir()} }

func (f folder) path(name string) string { return filepath.Join(f.root, filepath.FromSlash(name)) }

func (f folder) text(name, text string) {
	f.Helper()
	if err := os.MkdirAll(filepath.Dir(f.path(name)), 0o755); err != nil {
		f.Fatal(err)
	}
	if err := os.WriteFile(f.path(name), []byte(text), 0o644); err != nil {
		f.Fatal(err)
	}
}

// pipe makes a named pipe, on which reading would wait for ever.
func (f folder) pipe(name string) {
	f.Helper()
	f.text(name, "")
	if err := os.Remove(f.path(name)); err != nil {
		f.Fatal(err)
	}
	if err := syscall.Mkfifo(f.path(name), 0o600); err != nil {
		f.Fatal(err)
	}
}

func (f folder) picture(name string, shade int) {
	f.Helper()
	img := image.NewGray16(image.Rect(0, 0, 4, 4))
	img.SetGray16(1, 1, color.Gray16{Y: uint16(shade * 257)})
	var text strings.Builder
	if err := png.Encode(&text, img); err != nil {
		f.Fatal(err)
	}
	f.text(name, text.String())
}

// reading is a scanner that looks into photos as the program does.
func reading() Scanner {
	return Scanner{Reader: Python{"../../.venv/bin/python3", "../../scripts"}}
}

// names lists images as "class: name".
func names(images []Image) []string {
	var list []string
	for _, img := range images {
		list = append(list, img.Class+": "+img.Name)
	}
	return list
}

func scan(t *testing.T, format, root string, classes ...string) *Set {
	t.Helper()
	set, err := Scan(format, root, classes)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// fails requires an error that holds every one of the given texts.
func fails(t *testing.T, err error, texts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", texts)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("error %q, want %q in it", err, text)
		}
	}
}
