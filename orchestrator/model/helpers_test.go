package model

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// files writes files below a new files.
type files struct {
	*testing.T
	root string
}

func newFiles(t *testing.T) files { return files{t, t.TempDir()} }

func (f files) path(name string) string { return filepath.Join(f.root, filepath.FromSlash(name)) }

func (f files) text(name, text string) {
	f.Helper()
	if err := os.MkdirAll(filepath.Dir(f.path(name)), 0o755); err != nil {
		f.Fatal(err)
	}
	if err := os.WriteFile(f.path(name), []byte(text), 0o644); err != nil {
		f.Fatal(err)
	}
}

// pipe makes a named pipe, on which reading would wait for ever.
func (f files) pipe(name string) {
	f.Helper()
	f.text(name, "")
	if err := os.Remove(f.path(name)); err != nil {
		f.Fatal(err)
	}
	if err := syscall.Mkfifo(f.path(name), 0o600); err != nil {
		f.Fatal(err)
	}
}

// fails requires an error with some texts in it.
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
