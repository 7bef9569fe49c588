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
)

// Collection is what gc found.
type Collection struct {
	Needed  int       // artifacts
	Kept    []Needs   // of runs that are not among those that were named
	Garbage []Garbage // what none of them needs
}

// UnknownRunError is the name of an experiment of which no run is remembered.
type UnknownRunError struct{ Experiment string }

func (e *UnknownRunError) Error() string {
	return fmt.Sprintf("no run of an experiment called %s is remembered", e.Experiment)
}

// Uncollected lists what neither the given needs nor those of other remembered runs,
// but for runs of the experiments to forget, have a use for. Nothing changes.
func (s *Store) Uncollected(current []Needs, forget []string) (c Collection, err error) {
	if c.Kept, err = s.keptRuns(current, forget); err != nil {
		return c, err
	}
	needed := map[string]bool{}
	for _, needs := range slices.Concat(current, c.Kept) {
		for _, artifact := range needs.Artifacts {
			needed[artifact] = true
		}
	}
	c.Needed = len(needed)
	c.Garbage, err = s.Garbage(needed)
	return c, err
}

// Collect removes what Uncollected lists, and forgets the runs of the experiments to
// forget. No run may use the store meanwhile: where one does, the error is ErrLocked.
func (s *Store) Collect(ctx context.Context, current []Needs, forget []string) (c Collection, err error) {
	lock, err := s.LockIdle(ctx)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	if c, err = s.Uncollected(current, forget); err != nil { // when no run can begin any more
		return c, err
	}
	for _, name := range forget {
		if _, err := s.Forget(name); err != nil {
			return c, err
		}
	}
	return c, s.Remove(c.Garbage)
}

// keptRuns are what runs needed that are not among the current ones, and which are not to
// be forgotten. A name that no run had is a mistake.
func (s *Store) keptRuns(current []Needs, forget []string) ([]Needs, error) {
	remembered, err := s.Remembered()
	if err != nil {
		return nil, err
	}
	for _, name := range forget {
		if !slices.ContainsFunc(remembered, func(n Needs) bool { return n.Experiment == name }) {
			return nil, &UnknownRunError{name}
		}
	}
	return slices.DeleteFunc(remembered, func(n Needs) bool {
		return slices.Contains(forget, n.Experiment) || slices.ContainsFunc(current, n.SameRun)
	}), nil
}

// Garbage is something in the store that nobody needs.
type Garbage struct {
	What  string `json:"what"` // artifact, checkpoint, damaged or staging
	Name  string `json:"name"` // below the store's folder
	Bytes int64  `json:"bytes"`
}

// abandoned is the age at which another machine's staging folder is garbage.
const abandoned = 7 * 24 * time.Hour

// Garbage lists what is in the store besides the artifacts that needed names by
// "<kind>/<key>", and checkpoints of keys that are needed.
func (s *Store) Garbage(needed map[string]bool) ([]Garbage, error) {
	var list []Garbage
	trainings := map[string]bool{}
	for name := range needed {
		_, key, _ := strings.Cut(name, "/")
		trainings[key] = true
	}
	add := func(what, folder string, keep func(name string, info fs.FileInfo) bool) error {
		entries, err := os.ReadDir(filepath.Join(s.root, folder))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, entry := range entries {
			info, err := entry.Info()
			if err != nil || keep(entry.Name(), info) {
				continue
			}
			name := filepath.Join(folder, entry.Name())
			list = append(list, Garbage{what, filepath.ToSlash(name), size(filepath.Join(s.root, name))})
		}
		return nil
	}
	err := s.kinds(func(kind string) error {
		return add("artifact", filepath.Join("artifacts", kind), func(key string, _ fs.FileInfo) bool { return needed[kind+"/"+key] })
	})
	return list, errors.Join(err,
		add("checkpoint", "checkpoints", func(name string, _ fs.FileInfo) bool {
			key, _, _ := strings.Cut(name, ".")
			return trainings[key]
		}),
		add("damaged", "damaged", func(string, fs.FileInfo) bool { return false }),
		add("staging", "staging", func(_ string, info fs.FileInfo) bool { return time.Since(info.ModTime()) < abandoned }),
	)
}

// Remove deletes garbage. An artifact loses its manifest first, so that one
// that is deleted half-way is none.
func (s *Store) Remove(list []Garbage) error {
	gone := map[string]bool{}
	for _, garbage := range list {
		path := filepath.Join(s.root, filepath.FromSlash(garbage.Name))
		if err := os.Remove(filepath.Join(path, manifestName)); err != nil && garbage.What == "artifact" && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := os.RemoveAll(path); err != nil {
			return err
		}
		gone[garbage.Name] = true
	}
	return s.forget(func(e Entry) bool { return gone["artifacts/"+e.Kind+"/"+e.Key] })
}

// forget writes the journal anew without some entries.
func (s *Store) forget(gone func(Entry) bool) error {
	entries, err := s.Journal()
	if err != nil || !slices.ContainsFunc(entries, gone) {
		return err
	}
	return s.writeJournal(slices.DeleteFunc(entries, gone))
}

// size is the number of bytes in the files below a path.
func size(path string) (bytes int64) {
	_ = filepath.WalkDir(path, func(_ string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			if info, err := entry.Info(); err == nil {
				bytes += info.Size()
			}
		}
		return nil
	})
	return bytes
}
