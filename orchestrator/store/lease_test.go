package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// hurried are times for tests with real processes.
var hurried = timing{beat: 20 * time.Millisecond, limit: 300 * time.Millisecond, poll: 10 * time.Millisecond}

// leased is a host's view of a store on a network file system. Each has a
// memory of its own of what it has watched, as another process has.
func leased(t *testing.T, root string) *Store {
	t.Helper()
	s, err := Open(root)
	if err != nil {
		t.Fatal(err)
	}
	s.UseLocks(LockLease)
	return s
}

// TestLeaseOfADeadHost: who stops renewing loses the lease after the time
// limit, not before. The clock is synctest's.
func TestLeaseOfADeadHost(t *testing.T) {
	root := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		one, other := leased(t, root), leased(t, root)
		mine, err := one.Claim("generate", someKey)
		if err != nil {
			t.Fatal(err)
		}
		for range 20 { // renewed: never runs out
			if _, err := other.Claim("generate", someKey); !errors.Is(err, ErrLocked) {
				t.Fatalf("claimed twice: %v", err)
			}
			time.Sleep(10 * time.Second)
		}
		close(mine.lease.stop) // the host stands still
		mine.lease.stopped.Wait()
		began := time.Now()
		theirs, err := other.Claim("generate", someKey)
		for ; err != nil; theirs, err = other.Claim("generate", someKey) {
			if !errors.Is(err, ErrLocked) {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		if waited := time.Since(began); waited < usual.limit || waited > 2*usual.limit {
			t.Errorf("taken over after %v, the limit is %v", waited, usual.limit)
		}
		if mine.Held() || !theirs.Held() {
			t.Errorf("the dead host holds it: %v, the other: %v", mine.Held(), theirs.Held())
		}
		// It wakes up, and its late release takes nothing from the new owner.
		mine.lease.stop = make(chan struct{})
		if err := mine.Release(); err != nil || !theirs.Held() {
			t.Errorf("release of a lost lease: %v", err)
		}
		if err := theirs.Release(); err != nil {
			t.Fatal(err)
		}
		again, err := one.Claim("generate", someKey)
		if err != nil {
			t.Fatal(err)
		}
		if mine.Held() || again.Release() != nil {
			t.Error("a former owner takes a new lease for its own")
		}
	})
	empty(t, leased(t, root), "claims")
}

// TestClockJumps: neither the time stamps of the file nor another host's clock
// decide whether a lease has run out.
func TestClockJumps(t *testing.T) {
	root := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		one, other := leased(t, root), leased(t, root)
		mine, err := one.Claim("generate", someKey)
		if err != nil {
			t.Fatal(err)
		}
		for _, jump := range []time.Duration{-100 * time.Hour, 100 * time.Hour, -time.Hour, time.Hour} {
			at := time.Now().Add(jump)
			if err := os.Chtimes(mine.lease.path(), at, at); err != nil {
				t.Fatal(err)
			}
			for range 8 {
				if _, err := other.Claim("generate", someKey); !errors.Is(err, ErrLocked) {
					t.Fatalf("after a jump of %v: %v", jump, err)
				}
				time.Sleep(7 * time.Second)
			}
		}
		if err := mine.Release(); err != nil {
			t.Fatal(err)
		}
	})
}

// TestLockWaits: a lock is waited for as long as asked; a lease nobody renews
// is taken over even without waiting, since a cron job would fail for ever.
func TestLockWaits(t *testing.T) {
	root := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		one, other := leased(t, root), leased(t, root)
		first, err := one.LockRun(t.Context(), "quick", 0)
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if _, err := other.LockRun(t.Context(), "quick", 0); !errors.Is(err, ErrLocked) || time.Since(began) > 2*usual.beat {
			t.Errorf("%v after %v; want a refusal as soon as the lease is renewed", err, time.Since(began))
		}
		if _, err := other.LockRun(t.Context(), "quick", time.Minute); !errors.Is(err, ErrLocked) || time.Since(began) < time.Minute {
			t.Errorf("%v after %v; want a refusal after a minute", err, time.Since(began))
		}
		time.AfterFunc(30*time.Second, func() { _ = first.Release() })
		second, err := other.LockRun(t.Context(), "quick", time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		close(second.lease.stop)
		second.lease.stopped.Wait()
		third, err := leased(t, root).LockRun(t.Context(), "quick", 0)
		if err != nil {
			t.Fatalf("the lease of a dead run: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := leased(t, root).LockRun(ctx, "quick", time.Hour); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("waiting was interrupted: %v", err)
		}
		if err := third.Release(); err != nil {
			t.Fatal(err)
		}
	})
}

// TestLeaseOfAStoppedProcess: real processes, one of them stopped and gone on
// with, as a virtual machine is.
func TestLeaseOfAStoppedProcess(t *testing.T) {
	s := leased(t, t.TempDir())
	s.timing = hurried
	child, said := start(t, s, "lease")
	if said != "ready" {
		t.Fatal(said)
	}
	for began := time.Now(); time.Since(began) < 3*hurried.limit; time.Sleep(hurried.poll) {
		if _, err := s.Claim("generate", someKey); !errors.Is(err, ErrLocked) {
			t.Fatalf("claimed from a living process: %v", err)
		}
	}
	if err := child.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	mine := claimWithin(t, s, 10*time.Second)
	if err := child.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	time.Sleep(5 * hurried.beat)
	if !mine.Held() {
		t.Error("the process that woke up took the lease back")
	}
	if err := mine.Release(); err != nil {
		t.Fatal(err)
	}
}

func claimWithin(t *testing.T, s *Store, limit time.Duration) *Lock {
	t.Helper()
	for began := time.Now(); time.Since(began) < limit; time.Sleep(hurried.poll) {
		lock, err := s.Claim("generate", someKey)
		if err == nil {
			return lock
		} else if !errors.Is(err, ErrLocked) {
			t.Fatal(err)
		}
	}
	t.Fatal("never got the claim")
	return nil
}

// TestClaimsExclude: of many who claim one task again and again, one has it at
// a time, by flock and by lease.
func TestClaimsExclude(t *testing.T) {
	for _, kind := range []string{LockFlock, LockLease} {
		t.Run(kind, func(t *testing.T) {
			root := t.TempDir()
			var inside, claims atomic.Int32
			var group sync.WaitGroup
			for range 8 {
				group.Go(func() {
					s, err := Open(root)
					if err != nil {
						t.Error(err)
						return
					}
					s.UseLocks(kind)
					for range 50 {
						lock, err := s.Claim("classify", someKey)
						if errors.Is(err, ErrLocked) {
							continue
						} else if err != nil {
							t.Error(err)
							return
						}
						claims.Add(1)
						if inside.Add(1) != 1 || !lock.Held() {
							t.Error("two have it, or none")
						}
						inside.Add(-1)
						if err := lock.Release(); err != nil {
							t.Error(err)
						}
					}
				})
			}
			group.Wait()
			if claims.Load() == 0 {
				t.Error("nobody ever had it")
			}
			left, _ := filepath.Glob(filepath.Join(root, "claims", "*"))
			if len(left) > 0 {
				t.Errorf("left: %v", left)
			}
		})
	}
}

func TestLeaseFilesOfStrangers(t *testing.T) {
	s := leased(t, t.TempDir())
	for _, text := range []string{"", "{", "null", `{"owner": 3}`} {
		path := filepath.Join(s.Root(), "claims", fmt.Sprintf("generate-%s.lock.7", someKey))
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Claim("generate", someKey); !errors.Is(err, ErrLocked) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestLeasesStay: whoever opens a store in which there have been leases uses
// leases, too.
func TestLeasesStay(t *testing.T) {
	root := t.TempDir()
	if s, err := Open(root); err != nil || s.leases {
		t.Fatalf("leases %v on a local file system, %v", s.leases, err)
	}
	leased(t, root)
	s, err := Open(root)
	if err != nil || !s.leases {
		t.Errorf("leases %v after leases, %v", s.leases, err)
	}
	if s.UseLocks(LockFlock); s.leases {
		t.Error("flocks were asked for")
	}
}

// TestWorkersLock: any number of workers on an experiment, beside a run of it;
// cleaning waits for all of them, and a dead one's lock holds it up no longer
// than one lease.
func TestWorkersLock(t *testing.T) {
	root := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := leased(t, root)
		var locks []*Lock
		for _, id := range []string{"a", "b", "c"} {
			lock, err := leased(t, root).LockWorker(t.Context(), "quick", id)
			if err != nil {
				t.Fatal(err)
			}
			locks = append(locks, lock)
		}
		run, err := s.LockRun(t.Context(), "quick", 0)
		if err != nil {
			t.Fatalf("a run beside workers: %v", err)
		}
		if _, err := leased(t, root).LockIdle(t.Context()); !errors.Is(err, ErrLocked) {
			t.Errorf("cleaned beside workers: %v", err)
		}
		if err := run.Release(); err != nil {
			t.Fatal(err)
		}
		for _, lock := range locks { // they die
			close(lock.lease.stop)
			lock.lease.stopped.Wait()
		}
		began := time.Now()
		idle, err := leased(t, root).LockIdle(t.Context())
		if took := time.Since(began); err != nil || took > 2*usual.limit {
			t.Fatalf("after their death: %v, after %v", err, took)
		}
		if _, err := leased(t, root).LockWorker(t.Context(), "quick", "d"); !errors.Is(err, ErrLocked) {
			t.Errorf("a worker started while the store is cleaned: %v", err)
		}
		if err := idle.Release(); err != nil {
			t.Fatal(err)
		}
	})
}
