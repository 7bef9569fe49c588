package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// asStranger calls f as a user who is neither the owner of the store's files nor
// root: root, to whom everything is readable, becomes nobody for the file system
// while f lasts.
func asStranger(t *testing.T, f func()) {
	if os.Getuid() != 0 {
		f()
		return
	}
	const nobody = 65534
	runtime.LockOSThread() // the identity is the thread's
	defer runtime.UnlockOSThread()
	if _, err := unix.SetfsuidRetUid(nobody); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Setfsuid(0) }()
	f()
}

// TestUnreadable: what this user may not read is not called damaged, and is
// taken to be there.
func TestUnreadable(t *testing.T) {
	for _, name := range []string{"images/0.png", "manifest.json", "images", "."} {
		t.Run(name, func(t *testing.T) {
			s, key := identified(t)
			// Folders of tests are their owner's alone.
			for dir := s.Root(); dir != filepath.Dir(os.TempDir()) && dir != "/"; dir = filepath.Dir(dir) {
				if info, err := os.Stat(dir); err == nil && info.Mode().Perm()&0o005 != 0o005 {
					if err := os.Chmod(dir, info.Mode().Perm()|0o055); err != nil {
						t.Fatal(err)
					}
				}
			}
			path := filepath.Join(s.Dir("generate", key), name)
			if err := os.Chmod(path, 0); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.Chmod(path, 0o755) })
			asStranger(t, func() {
				err := s.Verify("generate", key)
				if shut := new(UnreadableError); !errors.As(err, &shut) || shut.Key != key || !errors.Is(err, fs.ErrPermission) {
					t.Errorf("%v, want an UnreadableError", err)
				}
				if errors.As(err, new(*DamagedError)) || !s.Has("generate", key) {
					t.Error("it counts as damaged or missing")
				}
				if _, err := s.ReadFile("generate", key, "images/0.png"); !errors.As(err, new(*UnreadableError)) {
					t.Errorf("reading a file: %v", err)
				}
			})
		})
	}
}

// TestModes: the umask alone decides who may read what a store writes.
func TestModes(t *testing.T) {
	for _, umask := range []fs.FileMode{0o022, 0o002, 0o027} {
		before := unix.Umask(int(umask))
		s := open(t)
		commit(t, s, "generate", someKey, "text")
		unix.Umask(before)
		err := filepath.WalkDir(s.Root(), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || path == s.Root() || entry.Name() == "file.txt" { // those two are the test's own
				return err
			}
			info, err := entry.Info()
			want := 0o666 &^ umask
			if entry.IsDir() {
				want = 0o777 &^ umask
			}
			if err == nil && info.Mode().Perm() != want {
				t.Errorf("umask %03o: %s has mode %03o", umask, path, info.Mode().Perm())
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestExisting: a mistyped store is no empty one, and nothing is made.
func TestExisting(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(filepath.Join(dir, "runs")); err != nil {
		t.Fatal(err)
	}
	if s, err := Existing(filepath.Join(dir, "runs")); err != nil || s.Root() != filepath.Join(dir, "runs") {
		t.Errorf("%v, %v", s, err)
	}
	for _, name := range []string{"rnus", "runs/reports", "runs/nothing"} {
		_, err := Existing(filepath.Join(dir, name))
		fails(t, err, "there is no store in "+filepath.Join(dir, name))
	}
	_, err := Existing(filepath.Join(dir, "rnus"))
	fails(t, err, "there is one in "+filepath.Join(dir, "runs")+": name one with --store")
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("looking made %v", entries)
	}
}
