package store

import (
	"fmt"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Free is how many bytes may still be written where the store is, or will be.
func (s *Store) Free() (int64, error) {
	dir := s.root
	for {
		var disk unix.Statfs_t
		err := unix.Statfs(dir, &disk)
		if err == nil {
			return int64(disk.Bavail) * int64(disk.Bsize), nil
		}
		if parent := filepath.Dir(dir); parent != dir && err == unix.ENOENT {
			dir = parent // not made yet
			continue
		}
		return 0, fmt.Errorf("store %s: %w", s.root, err)
	}
}

// Unwritable says why this user cannot write where the store is, or will be; nil
// if they can.
func (s *Store) Unwritable() error {
	dir := s.root
	for {
		err := unix.Access(dir, unix.W_OK|unix.X_OK)
		if parent := filepath.Dir(dir); err == unix.ENOENT && parent != dir {
			dir = parent // not made yet
			continue
		}
		if err != nil {
			return fmt.Errorf("nothing can be written into %s: %w: name another store with --store", dir, err)
		}
		return nil
	}
}
