package store

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"kizu/orchestrator/filehash"
)

// DamagedError is an artifact that is not what its manifest says.
type DamagedError struct {
	Kind     string   `json:"kind"`
	Key      string   `json:"key"`
	Problems []string `json:"problems"` // one for each file that is missing, changed or extra
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("artifact %s/%s is damaged: %s", e.Kind, e.Key, strings.Join(e.Problems, "; "))
}

// UnreadableError is an artifact of which nothing can be said: this user may not
// read it, or the disk does not answer. It is no reason to move it away.
type UnreadableError struct {
	Kind, Key string
	Err       error
}

func (e *UnreadableError) Error() string {
	return fmt.Sprintf("artifact %s/%s cannot be read: %v", e.Kind, e.Key, e.Err)
}

// Unwrap is the operating system's error.
func (e *UnreadableError) Unwrap() error { return e.Err }

// Verify hashes every file of an artifact again. A damaged one is a *DamagedError, one that cannot
// be looked at an *UnreadableError; one that is not there is fs.ErrNotExist.
func (s *Store) Verify(kind, key string) error {
	m, err := s.Manifest(kind, key)
	if err != nil {
		return err
	}
	damage, unreadable := &DamagedError{Kind: kind, Key: key}, error(nil)
	if problem := m.wrongKey(); problem != "" {
		damage.Problems = append(damage.Problems, problem)
	}
	listed := map[string]bool{manifestName: true}
	for _, file := range m.Files {
		listed[file.Name] = true
		problem, err := file.problem(s.Dir(kind, key))
		if problem != "" {
			damage.Problems = append(damage.Problems, problem)
		}
		unreadable = cmp.Or(unreadable, err)
	}
	err = filepath.WalkDir(s.Dir(kind, key), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(s.Dir(kind, key), path)
		if !listed[filepath.ToSlash(name)] {
			damage.Problems = append(damage.Problems, filepath.ToSlash(name)+" is not in the manifest")
		}
		return err
	})
	unreadable = cmp.Or(unreadable, err)
	switch {
	case len(damage.Problems) > 0:
		return damage
	case unreadable != nil:
		return &UnreadableError{kind, key, unreadable}
	}
	return nil
}

// wrongKey says what is wrong if the identity was changed: its hash is the key.
func (m *Manifest) wrongKey() string {
	if len(m.Identity) == 0 {
		return ""
	}
	if sum := sha256.Sum256(m.Identity); hex.EncodeToString(sum[:]) != m.Key {
		return manifestName + ": the identity is not the key's"
	}
	return ""
}

// problem says what is wrong with a file below dir, or "". The error is that nobody can say.
func (f File) problem(dir string) (string, error) {
	if !filepath.IsLocal(filepath.FromSlash(f.Name)) {
		return fmt.Sprintf("%q lies outside the artifact", f.Name), nil
	}
	path := filepath.Join(dir, filepath.FromSlash(f.Name))
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return f.Name + " is missing", nil
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return f.Name + " is not a regular file", nil
	case info.Size() != f.Size:
		return fmt.Sprintf("%s has %d bytes instead of %d", f.Name, info.Size(), f.Size), nil
	}
	sum, err := filehash.File(path)
	switch {
	case err != nil:
		return "", err
	case sum != f.SHA256:
		return f.Name + " has other contents", nil
	}
	return "", nil
}

// ReadFile reads a small file of an artifact, and makes sure that it is what was committed.
func (s *Store) ReadFile(kind, key, name string) ([]byte, error) {
	m, err := s.Manifest(kind, key)
	if err != nil {
		return nil, err
	}
	for _, file := range m.Files {
		if file.Name != name {
			continue
		}
		problem, err := file.problem(s.Dir(kind, key))
		switch {
		case problem != "":
			return nil, &DamagedError{kind, key, []string{problem}}
		case err != nil:
			return nil, &UnreadableError{kind, key, err}
		}
		return os.ReadFile(filepath.Join(s.Dir(kind, key), filepath.FromSlash(name)))
	}
	return nil, &DamagedError{kind, key, []string{"it has no file " + name}}
}

// SetAside moves a damaged artifact out of the way, so that it is made again
// and can still be looked at. It returns the new place.
func (s *Store) SetAside(kind, key string) (string, error) {
	place := filepath.Join(s.root, "damaged", kind+"-"+key[:min(12, len(key))]+"-"+rand.Text()[:8])
	err := os.Rename(s.Dir(kind, key), place)
	switch {
	case errors.Is(err, fs.ErrNotExist): // another process was faster
		return "", nil
	case err != nil:
		return "", err
	}
	return place, nil
}

// All calls f with the kind and key of every artifact, readable or not.
func (s *Store) All(f func(kind, key string) error) error {
	return s.kinds(func(kind string) error {
		keys, err := os.ReadDir(filepath.Join(s.root, "artifacts", kind))
		for _, key := range keys {
			if err := f(kind, key.Name()); err != nil {
				return err
			}
		}
		return err
	})
}

// kinds calls f with each kind of which there may be artifacts.
func (s *Store) kinds(f func(kind string) error) error {
	entries, err := os.ReadDir(filepath.Join(s.root, "artifacts"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, entry := range entries {
		if err := f(entry.Name()); err != nil {
			return err
		}
	}
	return err
}
