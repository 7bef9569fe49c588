package store

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// A lease is a lock for file systems on which flock says nothing to other machines. It is a file
// <path>.<generation> that its owner rewrites in place at every beat. Who wants it watches it: a
// lease whose contents stay the same for the time limit on the watcher's own monotonic clock has
// run out, so no two clocks are compared and a clock that jumps changes nothing. Taking over means
// making the file of the next generation, which one process alone can (O_EXCL); the former owner
// sees the higher generation, and has lost.
type lease struct {
	file    *os.File
	base    string         // base is the path of the file without its generation.
	number  int            // number is the generation, from 1.
	content leaseContent   // content is what was last written.
	stop    chan struct{}  // stop is closed when the lease is no longer renewed.
	stopped sync.WaitGroup // stopped waits for what renews it.
}

// leaseContent is what the file says: who, and how often it was renewed.
type leaseContent struct {
	Owner string `json:"owner"` // Owner is a random text that no other lease has.
	Host  string `json:"host"`  // Host is the name of the owner's machine.
	PID   int    `json:"pid"`   // PID is the owner's process.
	Beat  string `json:"beat"`  // Beat counts renewals, in a fixed number of digits: every rewriting has the same length.
}

// timing of leases and of waiting for locks.
type timing struct {
	beat  time.Duration // beat is the time between two renewals.
	limit time.Duration // limit is the time without renewal after which a lease has run out.
	poll  time.Duration // poll is the time between two attempts to get a lock.
}

var usual = timing{beat: 5 * time.Second, limit: 30 * time.Second, poll: time.Second}

// watched is a lease of somebody else, as it was first seen in this state.
type watched struct {
	text  string    // text is the contents of its file.
	since time.Time // since is when the file was first seen with them.
	fresh bool      // fresh says that it was renewed while it was watched: its owner lives.
}

// overNetwork reports whether a folder is on a file system that machines share,
// where flock may be local to each of them.
func overNetwork(dir string) bool {
	var info unix.Statfs_t
	if err := unix.Statfs(dir, &info); err != nil {
		return false
	}
	switch uint32(info.Type) {
	case unix.NFS_SUPER_MAGIC, unix.SMB_SUPER_MAGIC, unix.SMB2_SUPER_MAGIC, unix.CIFS_SUPER_MAGIC,
		unix.FUSE_SUPER_MAGIC, unix.AFS_SUPER_MAGIC, unix.CEPH_SUPER_MAGIC, unix.V9FS_MAGIC,
		0x0bd00bd0, 0x47504653, 0x19830326: // Lustre, GPFS, BeeGFS
		return true
	}
	return false
}

// takeLease takes a lease that is free or has run out.
func (s *Store) takeLease(path string) (*Lock, error) {
	number, text, err := latestLease(path)
	if err != nil {
		return nil, err
	}
	if number > 0 && !s.ranOut(path, text) {
		return nil, fmt.Errorf("%w (lease %s.%d)", ErrLocked, path, number)
	}
	l := &lease{base: path, number: number + 1, stop: make(chan struct{})}
	l.content = leaseContent{Owner: rand.Text(), Host: s.host, PID: os.Getpid()}
	l.file, err = os.OpenFile(l.path(), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("%w (lease %s)", ErrLocked, l.path())
	} else if err != nil {
		return nil, err
	}
	if err := l.renew(0); err != nil {
		return nil, errors.Join(err, os.Remove(l.path()), l.file.Close())
	}
	if number > 0 { // the one that ran out
		_ = os.Remove(fmt.Sprintf("%s.%d", path, number))
	}
	l.stopped.Go(func() { l.beatEvery(s.timing.beat) })
	return &Lock{lease: l}, nil
}

// latestLease finds the highest generation; 0 says that there is none.
func latestLease(path string) (number int, text string, err error) {
	names, err := filepath.Glob(globQuoted(path) + ".*")
	if err != nil {
		return 0, "", err
	}
	for _, name := range names {
		if n, err := strconv.Atoi(strings.TrimPrefix(name, path+".")); err == nil && n > number {
			number = n
		}
	}
	if number > 0 {
		content, err := os.ReadFile(fmt.Sprintf("%s.%d", path, number))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, "", err
		}
		text = string(content)
	}
	return number, text, nil
}

func globQuoted(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// ranOut notes how a lease of somebody else looks, and reports whether it has
// looked so for the time limit.
func (s *Store) ranOut(path, text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen, before := s.watching[path]
	if !before || seen.text != text {
		s.watching[path] = watched{text, time.Now(), before}
		return false
	}
	return time.Since(seen.since) > s.timing.limit
}

// mayRunOut reports whether a lock that was refused is a lease whose owner may
// be dead: it has not been renewed while it was watched.
func (s *Store) mayRunOut(path string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen, ok := s.watching[path]
	return s.leases && ok && !seen.fresh
}

func (l *lease) path() string { return fmt.Sprintf("%s.%d", l.base, l.number) }

// renew rewrites the file in place. One that was removed stays removed.
func (l *lease) renew(beat int) error {
	l.content.Beat = fmt.Sprintf("%012d", beat)
	text, err := json.Marshal(l.content)
	if err != nil {
		return err
	}
	if _, err := l.file.WriteAt(append(text, '\n'), 0); err != nil {
		return err
	}
	return l.file.Sync()
}

func (l *lease) beatEvery(interval time.Duration) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for beat := 1; ; beat++ {
		select {
		case <-l.stop:
			return
		case <-ticker.C:
			if l.held() {
				_ = l.renew(beat) // a failure shows as a lease that runs out
			}
		}
	}
}

// held looks whether the latest generation is this lease.
func (l *lease) held() bool {
	number, text, err := latestLease(l.base)
	var content leaseContent
	return err == nil && number == l.number && json.Unmarshal([]byte(text), &content) == nil && content.Owner == l.content.Owner
}

func (l *lease) release() error {
	close(l.stop)
	l.stopped.Wait()
	var err error
	if l.held() {
		err = os.Remove(l.path())
	}
	return errors.Join(err, l.file.Close())
}
