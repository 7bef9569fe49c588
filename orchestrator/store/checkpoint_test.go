package store

import (
	"os"
	"strings"
	"testing"
	"time"
)

func TestCheckpointSteps(t *testing.T) {
	s := open(t)
	if steps := s.CheckpointSteps(someKey); steps != 0 {
		t.Errorf("%d steps without a checkpoint", steps)
	}
	for _, name := range []string{"00000090", "00000100", "00000110.4711"} { // the last is being written
		write(t, s.Checkpoints(someKey), name+"/losses.csv", "")
	}
	if steps := s.CheckpointSteps(someKey); steps != 100 {
		t.Errorf("%d steps", steps)
	}
}

// TestCheckpointCost: a cost belongs to the checkpoint that it was noted for and
// to later ones, and goes with them.
func TestCheckpointCost(t *testing.T) {
	s := open(t)
	if cost := s.CheckpointCost(someKey); cost != 0 {
		t.Errorf("%v without a checkpoint", cost)
	}
	write(t, s.Checkpoints(someKey), "00000100/losses.csv", "")
	s.NoteCheckpoint(someKey, 100, 90*time.Second)
	write(t, s.Checkpoints(someKey), "00000110/losses.csv", "")
	if cost := s.CheckpointCost(someKey); cost != 90*time.Second {
		t.Errorf("%v", cost)
	}
	s.NoteCheckpoint(someKey, 120, time.Hour)
	if cost := s.CheckpointCost(someKey); cost != 0 {
		t.Errorf("%v of a checkpoint that is gone", cost)
	}
	for needed, want := range map[bool]int{true: 0, false: 2} {
		names := map[string]bool{"train_lora/" + someKey: needed}
		if !needed {
			names = nil
		}
		list, err := s.Garbage(names)
		if err != nil || len(list) != want {
			t.Errorf("needed %v: %v, %v", needed, list, err)
		}
	}
	if err := s.DropCheckpoints(someKey); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(strings.TrimSuffix(s.Checkpoints(someKey), someKey)); err != nil || len(left) > 0 {
		t.Errorf("%v, %v are left", left, err)
	}
}

// TestSweepCheckpoints: those of a training that was committed are left-overs, and
// those of one that was not are what it goes on from.
func TestSweepCheckpoints(t *testing.T) {
	s := open(t)
	for _, key := range []string{someKey, otherKey} {
		write(t, s.Checkpoints(key), "00000100/losses.csv", "")
		s.NoteCheckpoint(key, 100, time.Minute)
	}
	commit(t, s, "train_lora", someKey, "")
	if _, err := s.Sweep(); err != nil {
		t.Fatal(err)
	}
	if steps, cost := s.CheckpointSteps(otherKey), s.CheckpointCost(otherKey); steps != 100 || cost != time.Minute {
		t.Errorf("%d steps, %v", steps, cost)
	}
	if list, err := s.Garbage(map[string]bool{"train_lora/" + someKey: true, "train_lora/" + otherKey: true}); err != nil || len(list) > 0 {
		t.Errorf("%v, %v", list, err)
	}
	if _, err := os.Stat(s.Checkpoints(someKey)); !os.IsNotExist(err) {
		t.Errorf("checkpoints of a training that is done: %v", err)
	}
}
