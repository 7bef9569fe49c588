package dataset

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"sync"

	"kizu/orchestrator/filehash"
)

// shelf is what is remembered of one kind, in a file beside the hashes that is opened
// when something of it is first asked for. It holds for all machines: what is there is a
// matter of the bytes.
type shelf[T any] struct {
	file string   // its name
	rule int      // counts the changes of how entries are made; those by another are made again
	dirs []string // where it may be; the first that has it counts

	mu    sync.Mutex
	known map[string]T // nil while nothing is asked for
	added bool
	at    string // where it belonged when it was opened, or was written last
}

// onShelf is the content of the file.
type onShelf[T any] struct {
	Rule    int          `json:"rule"`
	Entries map[string]T `json:"pictures"` // by the SHA-256 of the file, and how it was read
}

func newShelf[T any](file string, rule int, at string, dirs []string) *shelf[T] {
	return &shelf[T]{file: file, rule: rule, at: at, dirs: dirs}
}

// read reads the file in a folder; nothing if it is not there.
func (s *shelf[T]) read(dir string) map[string]T {
	var found onShelf[T]
	text, err := os.ReadFile(filepath.Join(dir, s.file))
	if err != nil || json.Unmarshal(text, &found) != nil || found.Rule != s.rule || found.Entries == nil {
		return map[string]T{}
	}
	return found.Entries
}

// open reads what there is, once.
func (s *shelf[T]) open() {
	for _, dir := range s.dirs {
		if s.known = s.read(dir); len(s.known) > 0 {
			return
		}
	}
}

func (s *shelf[T]) get(key string) (value T, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil {
		s.open()
	}
	value, ok = s.known[key]
	return value, ok
}

func (s *shelf[T]) put(key string, value T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil {
		s.open()
	}
	s.known[key], s.added = value, true
}

func (s *shelf[T]) all() map[string]T {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.known)
}

// save adds what was learnt to what others may have written meanwhile. What is in the file is let
// go: it is that of all photos ever seen, and read again if it is asked for.
func (s *shelf[T]) save(dir string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.added && dir == s.at {
		s.known = nil
		return
	}
	if s.known == nil { // there is a store now, and what is known belongs into it
		s.open()
	}
	if len(s.known) == 0 {
		return
	}
	all := s.read(dir)
	maps.Copy(all, s.known)
	text, err := json.Marshal(onShelf[T]{s.rule, all})
	if err == nil && filehash.Replace(filepath.Join(dir, s.file), text) == nil {
		s.at, s.added, s.known = dir, false, nil
	}
}
