// Package store keeps artifacts: folders named by the key of what they hold.
// An artifact is written into a staging folder and appears under its key by one
// atomic rename, so whatever has a key is whole, however a run ended.
//
//	<store>/artifacts/<kind>/<key>/   manifest.json and the artifact's files
//	<store>/staging/<name>/           being written; left-overs of dead runs are removed
//	<store>/logs/<run>/               one log a task
//	<store>/locks/                    one lock a running experiment
//	<store>/reports/<experiment>/     pages and tables
package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Store is a folder of artifacts.
type Store struct{ root string }

// Open returns the store in a folder, made if it does not exist.
func Open(root string) (*Store, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	s := &Store{root}
	for _, name := range []string{"artifacts", "staging", "logs", "locks", "reports"} {
		if err := os.MkdirAll(filepath.Join(root, name), 0o755); err != nil {
			return nil, fmt.Errorf("store: %w", err)
		}
	}
	return s, nil
}

// At returns the store in a folder for reading: nothing is made.
func At(root string) (*Store, error) {
	root, err := filepath.Abs(root)
	return &Store{root}, err
}

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

// Has reports whether an artifact is committed.
func (s *Store) Has(kind, key string) bool {
	_, err := os.Stat(filepath.Join(s.Dir(kind, key), manifestName))
	return err == nil
}

// Manifest reads what an artifact says of itself. A missing artifact is
// fs.ErrNotExist.
func (s *Store) Manifest(kind, key string) (*Manifest, error) {
	path := filepath.Join(s.Dir(kind, key), manifestName)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	m := &Manifest{}
	if err = json.Unmarshal(text, m); err == nil && (m.Kind != kind || m.Key != key) {
		err = fmt.Errorf("it is of %s %q", m.Kind, m.Key)
	}
	if err != nil {
		return nil, fmt.Errorf("manifest %s is damaged (%w): remove its folder, and the artifact is made again", path, err)
	}
	return m, nil
}

// Each calls f with every committed artifact of a kind. Folders without a
// readable manifest are passed over.
func (s *Store) Each(kind string, f func(*Manifest)) error {
	entries, err := os.ReadDir(filepath.Join(s.root, "artifacts", kind))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	for _, entry := range entries {
		if m, err := s.Manifest(kind, entry.Name()); err == nil {
			f(m)
		}
	}
	return nil
}
