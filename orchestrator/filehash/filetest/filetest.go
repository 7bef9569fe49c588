// Package filetest writes files for tests.
package filetest

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// Folder writes files below a new files.
type Folder struct {
	*testing.T
	Root string
}

// New is a new folder.
func New(t *testing.T) Folder { return Folder{t, t.TempDir()} }

// Path is that of a file in the folder, by its slash-separated name.
func (f Folder) Path(name string) string { return filepath.Join(f.Root, filepath.FromSlash(name)) }

// Text writes a file.
func (f Folder) Text(name, text string) {
	f.Helper()
	if err := os.MkdirAll(filepath.Dir(f.Path(name)), 0o755); err != nil {
		f.Fatal(err)
	}
	if err := os.WriteFile(f.Path(name), []byte(text), 0o644); err != nil {
		f.Fatal(err)
	}
}

// Pipe makes a named pipe, on which reading would wait for ever.
func (f Folder) Pipe(name string) {
	f.Helper()
	f.Text(name, "")
	if err := os.Remove(f.Path(name)); err != nil {
		f.Fatal(err)
	}
	if err := syscall.Mkfifo(f.Path(name), 0o600); err != nil {
		f.Fatal(err)
	}
}

// Shut takes everybody's rights to a file or folder away, and calls f as a user who is neither its
// owner nor root: root, who may read everything, becomes nobody for the file system while f lasts.
func (f Folder) Shut(name string, as func()) {
	f.Helper()
	// Folders of tests are their owner's alone.
	for dir := f.Root; dir != filepath.Dir(os.TempDir()) && dir != "/"; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err == nil && info.Mode().Perm()&0o005 != 0o005 {
			if err := os.Chmod(dir, info.Mode().Perm()|0o055); err != nil {
				f.Fatal(err)
			}
		}
	}
	if err := os.Chmod(f.Path(name), 0); err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = os.Chmod(f.Path(name), 0o755) })
	if os.Getuid() == 0 {
		const nobody = 65534
		runtime.LockOSThread() // the identity is the thread's
		defer runtime.UnlockOSThread()
		if _, err := unix.SetfsuidRetUid(nobody); err != nil {
			f.Fatal(err)
		}
		defer func() { _ = unix.Setfsuid(0) }()
	}
	as()
}

// Fails requires an error with some texts in it.
func Fails(t *testing.T, err error, texts ...string) {
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
