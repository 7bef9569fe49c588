// Package store keeps artifacts: folders named by the key of what they hold.
// An artifact is written into a staging folder and appears under its key by one
// atomic rename, so whatever has a key is whole, however a run ended.
//
//	<store>/artifacts/<kind>/<key>/   manifest.json and the artifact's files
//	<store>/staging/<host>~<name>/    being written; left-overs of dead runs are removed
//	<store>/checkpoints/<key>/        of a training that goes on or was interrupted; <key>.json: its cost
//	<store>/damaged/<name>/           artifacts that were found damaged
//	<store>/journal.jsonl             one line for each artifact that was committed
//	<store>/logs/<run>/               run.jsonl, live.json and one log a task
//	<store>/locks/, claims/           one lock a running experiment or worker, one a task at hand
//	<store>/leases                    says that locks are leases here
//	<store>/reports/<experiment>/     pages and tables
//	<store>/needs/                    what the latest runs needed, for gc
//
// Several processes, also on several hosts, may use a store at once.
package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"kizu/orchestrator/filehash"
	"kizu/orchestrator/spelling"
)

// Store is a folder of artifacts.
type Store struct {
	root   string
	host   string // this machine
	leases bool   // locks are leases, not flocks
	timing timing

	mu       sync.Mutex
	watching map[string]watched // leases of others, by path
}

// Open returns the store in a folder, made if it does not exist.
func Open(root string) (*Store, error) {
	s, err := At(root)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"artifacts", "staging", "checkpoints", "damaged", "logs", "locks", "claims", "reports"} {
		if err := os.MkdirAll(filepath.Join(s.root, name), 0o777); err != nil {
			return nil, fmt.Errorf("store: %w", err)
		}
	}
	s.UseLocks(LockAuto)
	return s, nil
}

// The ways to lock a store.
const (
	LockAuto  = "auto"  // leases on a network file system or where there have been leases, flocks elsewhere
	LockFlock = "flock" // for network file systems on which every host's flocks reach the others
	LockLease = "lease"
)

// UseLocks chooses how the store is locked. All who share it must agree, so a
// choice of leases stays with the store.
func (s *Store) UseLocks(kind string) {
	mark := filepath.Join(s.root, "leases")
	if kind == LockLease { // a store that takes no mark takes no lock either, and says so then
		_ = os.WriteFile(mark, nil, 0o666)
	}
	_, err := os.Stat(mark)
	s.leases = kind == LockLease || (kind == LockAuto && (err == nil || overNetwork(s.root)))
}

// At returns the store in a folder for reading: nothing is made.
func At(root string) (*Store, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil || strings.ContainsAny(host, "/~") {
		host = "unnamed"
	}
	if info, err := os.Stat(root); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("the store %s is a file and no folder: name another with --store", root)
	}
	return &Store{root: root, host: host, timing: usual, watching: map[string]watched{}}, nil
}

// Existing is At for a folder that must be a store. The error about one that is
// none, perhaps a mistyped one, names the stores that are nearby.
func Existing(root string) (*Store, error) {
	s, err := At(root)
	if err != nil {
		return nil, err
	}
	_, err = os.Stat(filepath.Join(s.root, "artifacts"))
	switch {
	case err == nil:
		return s, nil
	case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR):
		return nil, fmt.Errorf("store: %w", err)
	}
	message, near := "there is no store in "+s.root, s.nearby()
	if meant := s.Meant(); meant != "" {
		return nil, fmt.Errorf("%s: did you mean --store %s?", message, meant)
	}
	if len(near) > 0 {
		const shown = 3
		message += "; there is one in " + strings.Join(near[:min(shown, len(near))], ", in ")
	}
	return nil, errors.New(message + ": name one with --store")
}

// Meant is the store beside a folder that is none, such as a mistyped one, which was
// likely meant by it; "" where there is a store, or none with a name like it.
func (s *Store) Meant() string {
	names := map[string]string{}
	for _, dir := range s.nearby() {
		if dir == s.root {
			return ""
		}
		names[filepath.Base(dir)] = dir
	}
	return names[spelling.Nearest(filepath.Base(s.root), slices.Sorted(maps.Keys(names)))]
}

// nearby lists the stores in, beside and around a folder, and in the place that kizu run
// uses by itself.
func (s *Store) nearby() (found []string) {
	beside, usual := filepath.Dir(s.root), "runs"
	if here, err := filepath.Abs(usual); err == nil {
		usual = here
	}
	for _, folders := range []string{filepath.Join(beside, "*"), beside, filepath.Join(s.root, "*"), usual} {
		marks, _ := filepath.Glob(filepath.Join(folders, "artifacts"))
		for _, mark := range marks {
			if dir := filepath.Dir(mark); !slices.Contains(found, dir) {
				found = append(found, dir)
			}
		}
	}
	return found
}

// Host is the name of this machine, as manifests have it.
func (s *Store) Host() string { return s.host }

// Root is the store's folder, absolute.
func (s *Store) Root() string { return s.root }

// Dir is the folder of an artifact, whether or not it is there.
func (s *Store) Dir(kind, key string) string {
	return filepath.Join(s.root, "artifacts", kind, key)
}

// Reports is the folder of an experiment's pages and tables.
func (s *Store) Reports(experiment string) string {
	return filepath.Join(s.root, "reports", experiment)
}

// Logs is the folder of a run's task logs.
func (s *Store) Logs(run string) string {
	return filepath.Join(s.root, "logs", run)
}

// Has reports whether an artifact is committed. One that may not be looked at, or on a disk
// that does not answer, is there: whoever uses it is told that it cannot be read, and nothing
// takes its place.
func (s *Store) Has(kind, key string) bool {
	_, err := os.Stat(filepath.Join(s.Dir(kind, key), manifestName))
	return !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR)
}

// Manifest reads what an artifact says of itself. A missing artifact is
// fs.ErrNotExist, one that this user may not read an *UnreadableError.
func (s *Store) Manifest(kind, key string) (*Manifest, error) {
	path := filepath.Join(s.Dir(kind, key), manifestName)
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, err
	case err != nil:
		return nil, &UnreadableError{kind, key, filehash.Denied(err)}
	}
	m := &Manifest{}
	if err = json.Unmarshal(text, m); err == nil && (m.Kind != kind || m.Key != key) {
		err = fmt.Errorf("it is of %s %q", m.Kind, m.Key)
	}
	if err == nil && m.Identity != nil { // the indented form is not what was hashed
		var identity bytes.Buffer
		err = json.Compact(&identity, m.Identity)
		m.Identity = identity.Bytes()
	}
	if err != nil {
		return nil, &DamagedError{kind, key, []string{fmt.Sprintf("%s: %v", manifestName, err)}}
	}
	return m, nil
}

// Each calls f with the committed artifacts of a kind whose keys are wanted; nil
// wants all. Folders without a readable manifest are passed over.
func (s *Store) Each(kind string, wanted func(key string) bool, f func(*Manifest)) error {
	entries, err := os.ReadDir(filepath.Join(s.root, "artifacts", kind))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	for _, entry := range entries {
		if wanted != nil && !wanted(entry.Name()) {
			continue
		}
		if m, err := s.Manifest(kind, entry.Name()); err == nil {
			f(m)
		}
	}
	return nil
}
