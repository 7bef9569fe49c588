package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Needs is what the latest run of an experiment's file, with the same changes by --set,
// was made of. It outlives the file and the loop that the run came from, so that
// gc knows what they would otherwise have to be named again for.
type Needs struct {
	Experiment string    `json:"experiment"`
	File       string    `json:"file,omitempty"` // "" in needs that were written before it was noted
	Changes    []string  `json:"changes"`        // of --set, path=value
	Time       time.Time `json:"time"`           // when the run began
	Artifacts  []string  `json:"artifacts"`
	Photos     []Photo   `json:"photos,omitempty"` // none in needs that were written before they were noted
}

// Photo is one of a dataset as a run found it.
type Photo struct {
	Name   string `json:"name"` // below the dataset's root
	SHA256 string `json:"sha256"`
	Tested bool   `json:"tested,omitempty"`
}

// place is where an experiment's needs are written, one for each file of its name and set of
// changes.
func (n Needs) place() string {
	changes := n.Changes
	if n.File != "" {
		changes = append([]string{n.File}, changes...)
	}
	sum := sha256.Sum256([]byte(strings.Join(changes, "\x00")))
	return fmt.Sprintf("%s-%x.json", n.Experiment, sum[:6])
}

// SameRun reports whether two needs are of one experiment's file with the same changes,
// of which the later counts.
func (n Needs) SameRun(other Needs) bool {
	file := n.File == other.File || n.File == "" || other.File == ""
	return file && n.Experiment == other.Experiment && slices.Equal(n.Changes, other.Changes)
}

// Remember writes down what a run needs; Artifacts are "<kind>/<key>".
func (s *Store) Remember(n Needs) error {
	text, err := json.Marshal(n)
	if err != nil {
		return err
	}
	path := filepath.Join(s.root, "needs", n.place())
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if err := replaceSynced(path, append(text, '\n')); err != nil || n.File == "" {
		return err
	}
	_ = os.Remove(filepath.Join(s.root, "needs", n.unfiled().place()))
	return nil
}

// unfiled are the needs as they were written before files were noted.
func (n Needs) unfiled() Needs {
	n.File = ""
	return n
}

// Latest is what the latest run of the same was made of; false if there was none, or what it
// was made of cannot be read.
func (s *Store) Latest(same Needs) (n Needs, ok bool) {
	if n, ok = readNeeds(filepath.Join(s.root, "needs", same.place())); !ok {
		n, ok = readNeeds(filepath.Join(s.root, "needs", same.unfiled().place()))
	}
	return n, ok
}

// Newest is what the latest run of an experiment's name was made of, whatever its file and its
// changes; false as of Latest.
func (s *Store) Newest(experiment string) (Needs, bool) {
	paths, _ := filepath.Glob(filepath.Join(s.root, "needs", experiment+"-????????????.json"))
	newest, latest := "", time.Time{}
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil && info.ModTime().After(latest) {
			newest, latest = path, info.ModTime()
		}
	}
	return readNeeds(newest)
}

func readNeeds(path string) (n Needs, ok bool) {
	text, err := os.ReadFile(path)
	return n, err == nil && json.Unmarshal(text, &n) == nil
}

// Remembered lists what runs need, by the names of their files. One that cannot
// be read is an error: nobody may take what it needs for garbage.
func (s *Store) Remembered() ([]Needs, error) {
	paths, err := filepath.Glob(filepath.Join(s.root, "needs", "*.json"))
	if err != nil {
		return nil, err
	}
	var list []Needs
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) { // forgotten meanwhile
			continue
		}
		n := Needs{}
		if err == nil {
			err = json.NewDecoder(bytes.NewReader(text)).Decode(&n)
		}
		if err != nil {
			return nil, fmt.Errorf("what a run needs cannot be read from %s (%w): run its experiment again, or remove the file", path, err)
		}
		list = append(list, n)
	}
	return list, nil
}

// Forget removes what the runs of an experiment need, and reports how many runs there were.
func (s *Store) Forget(experiment string) (int, error) {
	list, err := s.Remembered()
	if err != nil {
		return 0, err
	}
	forgotten := 0
	for _, n := range list {
		if n.Experiment == experiment {
			if err := os.Remove(filepath.Join(s.root, "needs", n.place())); err != nil {
				return forgotten, err
			}
			forgotten++
		}
	}
	return forgotten, nil
}
