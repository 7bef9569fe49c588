package store

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"kizu/orchestrator/filehash"
)

// Checkpoints is the folder of a training's checkpoints.
func (s *Store) Checkpoints(key string) string {
	return filepath.Join(s.root, "checkpoints", key)
}

// costSuffix is behind the key in the name of the file beside the folder that
// says what a training's latest checkpoint has cost.
const costSuffix = ".json"

// checkpointCost is the time that a device spent on a checkpoint, in all attempts that led to it.
type checkpointCost struct {
	Steps   int     `json:"steps"`
	Seconds float64 `json:"seconds"`
}

// DropCheckpoints removes the checkpoints of a training that is done.
func (s *Store) DropCheckpoints(key string) error {
	err := os.Remove(s.Checkpoints(key) + costSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, os.RemoveAll(s.Checkpoints(key)))
}

// sweepCheckpoints drops the checkpoints of trainings that are done: their process
// was killed between committing the artifact and dropping them.
func (s *Store) sweepCheckpoints() error {
	entries, err := os.ReadDir(filepath.Join(s.root, "checkpoints"))
	if err != nil {
		return err
	}
	for _, entry := range entries {
		key, _, _ := strings.Cut(entry.Name(), ".")
		if err := s.kinds(func(kind string) error {
			if !s.Has(kind, key) {
				return nil
			}
			return s.DropCheckpoints(key)
		}); err != nil {
			return err
		}
	}
	return nil
}

// CheckpointSteps is the number of steps of a training's latest checkpoint; 0 without one.
func (s *Store) CheckpointSteps(key string) int {
	entries, _ := os.ReadDir(s.Checkpoints(key))
	most := 0
	for _, entry := range entries { // the stage names each by its steps
		if steps, err := strconv.Atoi(entry.Name()); err == nil {
			most = max(most, steps)
		}
	}
	return most
}

// CheckpointCost is what a training's latest checkpoint has cost, as far as it
// was noted: where the host was killed before it could, that of the one before.
func (s *Store) CheckpointCost(key string) time.Duration {
	var cost checkpointCost
	text, err := os.ReadFile(s.Checkpoints(key) + costSuffix)
	if err != nil || json.Unmarshal(text, &cost) != nil || cost.Steps > s.CheckpointSteps(key) {
		return 0
	}
	return time.Duration(cost.Seconds * float64(time.Second))
}

// NoteCheckpoint keeps what a training's checkpoint at a number of steps has
// cost. Losing it costs a figure and nothing else.
func (s *Store) NoteCheckpoint(key string, steps int, cost time.Duration) {
	text, err := json.Marshal(checkpointCost{steps, cost.Seconds()})
	if err == nil {
		_ = filehash.Replace(s.Checkpoints(key)+costSuffix, append(text, '\n'))
	}
}
