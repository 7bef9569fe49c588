package store

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// place is the folder of the store or, where it is not made yet, the nearest one
// above that is there.
func (s *Store) place() string {
	dir := s.root
	for {
		_, err := os.Stat(dir)
		if parent := filepath.Dir(dir); os.IsNotExist(err) && parent != dir {
			dir = parent
			continue
		}
		return dir
	}
}

// Free is how many bytes may still be written where the store is, or will be.
func (s *Store) Free() (int64, error) {
	var disk unix.Statfs_t
	if err := unix.Statfs(s.place(), &disk); err != nil {
		return 0, fmt.Errorf("store %s: %w", s.root, err)
	}
	return int64(disk.Bavail) * int64(disk.Bsize), nil
}

// Unwritable says why this user cannot write where the store is, or will be; nil if they can.
func (s *Store) Unwritable() error {
	dir := s.place()
	if err := unix.Access(dir, unix.W_OK|unix.X_OK); err != nil {
		return fmt.Errorf("nothing can be written into %s: %w: name another store with --store", dir, err)
	}
	return nil
}
