package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// ErrLocked says that another process holds what was asked for.
var ErrLocked = errors.New("in use by another process")

// Lock is something that one process has at a time, until it releases it or ends, however it ends.
type Lock struct {
	file  *os.File // a flock: the kernel drops it with the process
	lease *lease   // or a lease: it runs out when it is not renewed
}

// Release gives the lock up.
func (l *Lock) Release() error {
	if l.lease != nil {
		return l.lease.release()
	}
	// Removed before it is unlocked: whoever opened the file meanwhile finds, in
	// flock, that it is not at its place any more.
	err := os.Remove(l.file.Name())
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, l.file.Close())
}

// Held reports whether the lock is still this process's. A lease is lost when
// the process, or its network, stood still for so long that another took over.
func (l *Lock) Held() bool { return l.lease == nil || l.lease.held() }

// LockRun takes the store for a run of an experiment. If another run has it, a
// wait of 0 gives up at once.
func (s *Store) LockRun(ctx context.Context, experiment string, wait time.Duration) (*Lock, error) {
	lock, err := s.lockWaiting(ctx, s.lockPath(experiment), wait)
	if errors.Is(err, ErrLocked) {
		return nil, fmt.Errorf("another run of this experiment is using the store: %w", err)
	} else if err != nil {
		return nil, err
	}
	return s.notCleaned(ctx, lock, wait)
}

// LockWorker takes the store for one of many workers on an experiment: they
// keep it from being cleaned, and not from each other. id names the worker.
func (s *Store) LockWorker(ctx context.Context, experiment, id string) (*Lock, error) {
	lock, err := s.lockWaiting(ctx, s.lockPath(experiment+"+"+id), 0) // '+' is in no experiment's name
	if err != nil {
		return nil, err
	}
	const patience = 5 * time.Minute // for other workers that start and look, too
	return s.notCleaned(ctx, lock, patience)
}

// notCleaned makes sure that the store is not being cleaned. Cleaning locks first and then looks
// for runs, and a run the other way round, so that one of the two sees the other.
func (s *Store) notCleaned(ctx context.Context, lock *Lock, wait time.Duration) (*Lock, error) {
	cleaning, err := s.lockWaiting(ctx, s.lockPath(cleaningLock), wait)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("kizu gc is cleaning the store: %w", err), lock.Release())
	}
	return lock, cleaning.Release()
}

// cleaningLock is no experiment's name, since those begin with a letter or digit.
const cleaningLock = "-cleaning"

func (s *Store) lockPath(name string) string {
	return filepath.Join(s.root, "locks", name+lockSuffix)
}

// LockIdle takes the whole store, and fails if any experiment is being run.
func (s *Store) LockIdle(ctx context.Context) (*Lock, error) {
	cleaning, err := s.lockWaiting(ctx, s.lockPath(cleaningLock), 0)
	if err != nil {
		return nil, err
	}
	names, err := s.lockNames()
	for _, name := range names { // the leases of the dead are all watched from now on, not one after the other
		if name == cleaningLock {
			continue
		}
		if other, err := s.lock(s.lockPath(name)); err == nil {
			_ = other.Release()
		}
	}
	for _, name := range names {
		var other *Lock
		if name == cleaningLock {
			continue
		}
		if other, err = s.lockWaiting(ctx, s.lockPath(name), 0); err != nil {
			break
		}
		if err = other.Release(); err != nil {
			break
		}
	}
	if err != nil {
		return nil, errors.Join(err, cleaning.Release())
	}
	return cleaning, nil
}

// lockNames lists what somebody holds, or held when they died.
func (s *Store) lockNames() ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(s.root, "locks"))
	var names []string
	for _, entry := range entries {
		// A lease has its generation behind the suffix.
		if at := strings.LastIndex(entry.Name(), lockSuffix); at > 0 && !slices.Contains(names, entry.Name()[:at]) {
			names = append(names, entry.Name()[:at])
		}
	}
	return names, err
}

// Claim takes a task, so that processes that share the store compute it once.
// It does not wait: ErrLocked says that another process is at it.
func (s *Store) Claim(kind, key string) (*Lock, error) {
	return s.lock(filepath.Join(s.root, "claims", kind+"-"+key+lockSuffix))
}

// lock takes a lock or fails at once.
func (s *Store) lock(path string) (*Lock, error) {
	if s.leases {
		return s.takeLease(path)
	}
	file, err := flock(path, os.O_CREATE)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, fmt.Errorf("%w (lock %s)", ErrLocked, path)
	} else if err != nil {
		return nil, err
	}
	return &Lock{file: file}, nil
}

// lockWaiting takes a lock within a time. A lease that nobody renews any more
// is waited for in any case: only by watching it is that found out.
func (s *Store) lockWaiting(ctx context.Context, path string, wait time.Duration) (*Lock, error) {
	began := time.Now()
	for {
		lock, err := s.lock(path)
		if !errors.Is(err, ErrLocked) {
			return lock, err
		}
		if time.Since(began) >= wait && !s.mayRunOut(path) {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(s.timing.poll):
		}
	}
}

// flock opens a file, which os.O_CREATE in flags makes if need be, and locks it or fails.
func flock(path string, flags int) (*os.File, error) {
	for {
		file, err := os.OpenFile(path, os.O_RDWR|flags, 0o666)
		if err != nil {
			return nil, err
		}
		if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
			return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), file.Close())
		}
		opened, err := file.Stat()
		if err != nil {
			return nil, errors.Join(err, file.Close())
		}
		if there, err := os.Stat(path); err == nil && os.SameFile(opened, there) {
			return file, nil
		}
		_ = file.Close() // released and removed between opening and locking
	}
}
