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
