package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// ErrLocked says that another run of the same experiment uses the store.
var ErrLocked = errors.New("another run of this experiment is using the store")

// Lock takes the store for a run of an experiment, until release is called or
// the process ends.
func (s *Store) Lock(experiment string) (release func() error, err error) {
	path := filepath.Join(s.root, "locks", experiment+lockSuffix)
	file, err := lockFile(path, os.O_CREATE)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, fmt.Errorf("%w (lock %s)", ErrLocked, path)
	} else if err != nil {
		return nil, err
	}
	return file.Close, nil
}

// lockFile opens a file, which os.O_CREATE in flags makes if need be, and takes
// the lock on it or fails. The kernel drops the lock when the process ends,
// however it ends.
func lockFile(path string, flags int) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|flags, 0o644)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), file.Close())
	}
	return file, nil
}
