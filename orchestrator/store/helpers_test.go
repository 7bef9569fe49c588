package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var (
	someKey  = strings.Repeat("0a", 32)
	otherKey = strings.Repeat("1b", 32)
)

func open(t testing.TB) *Store {
	t.Helper()
	s, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func begin(t testing.TB, s *Store, kind, key string) *Staging {
	t.Helper()
	g, err := s.Begin(kind, key)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func write(t testing.TB, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// commit makes an artifact of one file.
func commit(t testing.TB, s *Store, kind, key, text string) {
	t.Helper()
	g := begin(t, s, kind, key)
	write(t, g.Dir(), "file.txt", text)
	if err := g.Commit(&Manifest{Kind: kind, Key: key}); err != nil {
		t.Fatal(err)
	}
}

// files lists what is below a folder of the store, in name order.
func files(t testing.TB, s *Store, folder string) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(filepath.Join(s.Root(), folder), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			name, _ := filepath.Rel(s.Root(), path)
			list = append(list, filepath.ToSlash(name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// empty requires that nothing is in a folder of the store.
func empty(t testing.TB, s *Store, folder string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(s.Root(), folder))
	if err != nil || len(entries) > 0 {
		t.Errorf("%s holds %v, %v", folder, entries, err)
	}
}

func fails(t testing.TB, err error, text string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("got %v, want an error with %q", err, text)
	}
}
