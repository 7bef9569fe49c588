package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"kizu/orchestrator/filehash/filetest"
)

// TestUnreadable: what this user may not read is not called damaged, and is
// taken to be there.
func TestUnreadable(t *testing.T) {
	for _, name := range []string{"images/0.png", "manifest.json", "images", "."} {
		t.Run(name, func(t *testing.T) {
			s, key := identified(t)
			filetest.Folder{T: t, Root: s.Dir("generate", key)}.Shut(name, func() {
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

// TestVerifyReadOnly: in a store that this user may not write to, what is damaged is named and
// stays where it is.
func TestVerifyReadOnly(t *testing.T) {
	s, key := identified(t)
	if err := flipBit(filepath.Join(s.Dir("generate", key), "images", "0.png")); err != nil {
		t.Fatal(err)
	}
	filetest.Folder{T: t, Root: s.Root()}.Shut("damaged", func() {
		v, err := s.VerifyAll(t.Context())
		if err != nil || len(v.Damaged) != 1 || !errors.Is(v.Damaged[0].Err, fs.ErrPermission) || !s.Has("generate", key) {
			t.Errorf("%+v, %v", v, err)
		}
	})
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
	fails(t, err, "did you mean --store "+filepath.Join(dir, "runs")+"?")
	for _, name := range []string{"elsewhere", "runs/reports", "."} {
		_, err := Existing(filepath.Join(dir, name))
		fails(t, err, "there is one in "+filepath.Join(dir, "runs")+": name one with --store")
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("looking made %v", entries)
	}
}
