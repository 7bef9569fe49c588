package store

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"kizu/orchestrator/filehash"
)

func sweep(t *testing.T, s *Store, want int) {
	t.Helper()
	if n, err := s.Sweep(); n != want || err != nil {
		t.Errorf("swept %d, %v; want %d", n, err, want)
	}
}

// TestKilledWhileWriting: nothing appears, and the rest is swept once its
// process is gone, not before.
func TestKilledWhileWriting(t *testing.T) {
	s := open(t)
	mine := begin(t, s, "generate", someKey)
	child, said := start(t, s, "half")
	if said != "ready" {
		t.Fatal(said)
	}
	sweep(t, s, 0)
	if n := len(files(t, s, "staging")); n != 3 { // two locks and a picture
		t.Errorf("%d files are being written", n)
	}
	kill(child)
	empty(t, s, "artifacts")
	sweep(t, s, 1)
	write(t, mine.Dir(), "file.txt", "still here")
	if err := mine.Commit(&Manifest{Kind: "generate", Key: someKey}); err != nil {
		t.Error(err)
	}
	empty(t, s, "staging")
}

// TestKilledAtAnyMoment: whatever has a key is whole.
func TestKilledAtAnyMoment(t *testing.T) {
	for range 8 {
		s := open(t)
		child, said := start(t, s, "busy")
		if said != "ready" {
			t.Fatal(said)
		}
		time.Sleep(time.Duration(rand.IntN(30_000)) * time.Microsecond)
		kill(child)
		entries, err := os.ReadDir(filepath.Join(s.Root(), "artifacts", "generate"))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		for _, entry := range entries {
			m, err := s.Manifest("generate", entry.Name())
			if err != nil || len(m.Files) != 3 {
				t.Fatalf("%s is not whole: %+v, %v", entry.Name(), m, err)
			}
			for _, file := range m.Files {
				if sum, err := filehash.File(filepath.Join(s.Dir("generate", m.Key), file.Name)); err != nil || sum != file.SHA256 {
					t.Fatalf("%s/%s is not what the manifest says: %v", m.Key, file.Name, err)
				}
			}
		}
		if _, err := s.Sweep(); err != nil {
			t.Fatal(err)
		}
		empty(t, s, "staging")
	}
}

// TestSweep removes what a crash leaves at each step of Begin and Commit.
func TestSweep(t *testing.T) {
	s := open(t)
	staging := filepath.Join(s.Root(), "staging")
	write(t, staging, s.host+"~a.lock", "")             // before the folder was made
	write(t, staging, s.host+"~b.lock", "")             // while it was filled
	write(t, staging, s.host+"~b/images/0000.png", "x") //
	write(t, staging, s.host+"~c.lock", "")             // before the rename
	write(t, staging, s.host+"~c/manifest.json", "{}")  //
	commit(t, s, "generate", someKey, "")
	write(t, staging, s.host+"~d.lock", "") // after the rename
	sweep(t, s, 2)                          // folders
	empty(t, s, "staging")
	if !s.Has("generate", someKey) {
		t.Error("an artifact was swept away")
	}
}

func TestLockIsExclusive(t *testing.T) {
	s := open(t)
	child, said := start(t, s, "lock")
	if said != "ready" {
		t.Fatal(said)
	}
	if _, err := s.LockRun(t.Context(), "quick", 0); !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), "quick.lock") {
		t.Errorf("locked twice: %v", err)
	}
	if _, err := s.LockIdle(t.Context()); !errors.Is(err, ErrLocked) {
		t.Errorf("cleaned while a run goes: %v", err)
	}
	other, err := s.LockRun(t.Context(), "article", 0)
	if err != nil {
		t.Fatal("another experiment's lock", err)
	}
	kill(child)
	quick, err := s.LockRun(t.Context(), "quick", 0)
	if err != nil {
		t.Fatal("the lock of a killed process", err)
	}
	if _, said := start(t, s, "lock"); !strings.Contains(said, ErrLocked.Error()) {
		t.Errorf("another process locked too, and says %q", said)
	}
	if err := errors.Join(quick.Release(), other.Release()); err != nil {
		t.Fatal(err)
	}
	idle, err := s.LockIdle(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, said := start(t, s, "lock"); !strings.Contains(said, "kizu gc is cleaning the store") {
		t.Errorf("a run started while the store is cleaned: %s", said)
	}
	if err := idle.Release(); err != nil {
		t.Fatal(err)
	}
	if _, said := start(t, s, "lock"); said != "ready" {
		t.Errorf("after release: %s", said)
	}
}

func TestFullDisk(t *testing.T) {
	s := open(t)
	child, said := start(t, s, "full")
	kill(child)
	if !strings.HasPrefix(said, "committing generate 0a0a0a0a0a0a: ") || !strings.Contains(said, "file too large") {
		t.Errorf("says %q", said)
	}
	empty(t, s, "staging")
	empty(t, s, "artifacts")
}

func TestReadOnlyStore(t *testing.T) {
	s := open(t)
	staging := filepath.Join(s.Root(), "staging")
	if err := errors.Join(os.Chmod(filepath.Dir(s.Root()), 0o755), os.Chmod(s.Root(), 0o755), os.Chmod(staging, 0o555)); err != nil {
		t.Fatal(err)
	}
	if _, said := start(t, s, "nobody"); !strings.HasPrefix(said, "store: open "+staging) || !strings.HasSuffix(said, "permission denied") {
		t.Errorf("says %q", said)
	}
}

// TestManyAtOnce: stagings of the same keys and sweeps do not get in each
// other's way.
func TestManyAtOnce(t *testing.T) {
	s := open(t)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for j := range 10 {
				key := fmt.Sprintf("%064d", j)
				g, err := s.Begin("classify", key)
				if err == nil {
					err = os.WriteFile(filepath.Join(g.Dir(), "file.txt"), []byte(key), 0o644)
				}
				if err == nil {
					err = g.Commit(&Manifest{Kind: "classify", Key: key})
				}
				if n, sweeping := s.Sweep(); err != nil || sweeping != nil || n != 0 {
					t.Errorf("worker %d: %v; swept %d, %v", i, err, n, sweeping)
				}
			}
		})
	}
	group.Wait()
	found := 0
	if err := s.Each("classify", nil, func(*Manifest) { found++ }); err != nil || found != 10 {
		t.Errorf("%d artifacts, %v", found, err)
	}
	empty(t, s, "staging")
}
