package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

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
