package store

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix" // flock; Go project, BSD
)

// Staging is an artifact being written. It holds a lock on its own folder, so
// that other processes can tell it from the left-overs of a dead run.
type Staging struct {
	store *Store
	dir   string
	lock  *os.File
}

// Begin makes an empty staging folder for an artifact.
func (s *Store) Begin(kind, key string) (*Staging, error) {
	lock, err := s.newLock(s.host + "~" + kind + "-" + key[:12] + "-*" + lockSuffix)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	dir := strings.TrimSuffix(lock.Name(), lockSuffix)
	if err := os.Mkdir(dir, 0o777); err != nil {
		return nil, fmt.Errorf("store: %w", errors.Join(err, os.Remove(lock.Name()), lock.Close()))
	}
	return &Staging{s, dir, lock}, nil
}

// newLock makes a lock file under a new name. Another process's Sweep may take
// the file for a left-over before it is locked; then a further one is made.
func (s *Store) newLock(pattern string) (*os.File, error) {
	for {
		path := filepath.Join(s.root, "staging", strings.Replace(pattern, "*", rand.Text(), 1))
		file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
		if err != nil {
			return nil, err
		}
		if err := unix.Flock(int(file.Fd()), unix.LOCK_EX); err != nil {
			return nil, errors.Join(err, os.Remove(file.Name()), file.Close())
		}
		if _, err := os.Stat(file.Name()); err == nil {
			return file, nil
		}
		_ = file.Close()
	}
}

// Dir is the folder to write into.
func (g *Staging) Dir() string { return g.dir }

// Discard removes everything written.
func (g *Staging) Discard() error {
	return errors.Join(remove(g.dir), g.lock.Close())
}

// remove deletes a staging folder and then its lock file, so that a folder that
// cannot be deleted now is found by a later Sweep.
func remove(dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	err := os.Remove(dir + lockSuffix)
	if errors.Is(err, fs.ErrNotExist) { // another process was faster
		return nil
	}
	return err
}

// Commit completes the manifest with the list of files, brings everything to
// the disk and moves the folder to its key. If another process has committed
// the same key meanwhile, that artifact stays and this one is discarded.
func (g *Staging) Commit(m *Manifest) error {
	if err := g.commit(m); err != nil {
		return fmt.Errorf("committing %s %s: %w", m.Kind, m.Key[:12], errors.Join(err, g.Discard()))
	}
	return g.Discard() // what is left: the lock, or all of an artifact that came second
}

func (g *Staging) commit(m *Manifest) error {
	files, err := inventory(g.dir)
	if err != nil {
		return err
	}
	m.Files = files
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := syncPath(filepath.Join(g.dir, filepath.FromSlash(file.Name))); err != nil {
			return err
		}
	}
	if err := writeSynced(filepath.Join(g.dir, manifestName), append(text, '\n')); err != nil {
		return err
	}
	if err := syncDirs(g.dir); err != nil {
		return err
	}
	target := g.store.Dir(m.Kind, m.Key)
	if err := os.MkdirAll(filepath.Dir(target), 0o777); err != nil {
		return err
	}
	if err := syncPath(filepath.Dir(filepath.Dir(target))); err != nil {
		return err
	}
	err = os.Rename(g.dir, target)
	if errors.Is(err, fs.ErrExist) {
		if g.store.Has(m.Kind, m.Key) {
			return nil // and Commit discards this one
		}
		// A folder without a manifest is no artifact: somebody emptied it.
		if err = os.RemoveAll(target); err == nil {
			err = os.Rename(g.dir, target)
		}
	}
	if err == nil {
		err = syncPath(filepath.Dir(target))
	}
	if err != nil {
		return err
	}
	_ = g.store.note(m) // committed all the same
	return nil
}

const lockSuffix = ".lock"

// Sweep removes what killed processes left: this host's staging folders, of which it returns how
// many, and the checkpoints of trainings that were committed. Another host's locks may not be seen
// here, so what it was writing is its own to sweep.
func (s *Store) Sweep() (int, error) {
	removed, err := s.sweepStaging()
	return removed, errors.Join(err, s.sweepCheckpoints())
}

func (s *Store) sweepStaging() (int, error) {
	staging := filepath.Join(s.root, "staging")
	entries, err := os.ReadDir(staging)
	if err != nil {
		return 0, err
	}
	removed := 0
	for _, entry := range entries {
		name, isLock := strings.CutSuffix(entry.Name(), lockSuffix)
		if !isLock || !strings.HasPrefix(name, s.host+"~") {
			continue
		}
		lock, err := flock(filepath.Join(staging, entry.Name()), 0)
		if err != nil {
			continue // in use, or finished meanwhile
		}
		dir := filepath.Join(staging, name)
		if _, err := os.Lstat(dir); err == nil {
			removed++
		}
		if err := errors.Join(remove(dir), lock.Close()); err != nil {
			return removed, err
		}
	}
	return removed, nil
}

// syncPath waits until a file or folder is on the disk.
func syncPath(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}

// syncDirs syncs a folder and all folders below it.
func syncDirs(dir string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		return syncPath(path)
	})
}
