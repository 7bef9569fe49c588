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
