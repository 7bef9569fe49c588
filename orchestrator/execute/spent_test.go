package execute

import (
	"testing"
	"time"

	"kizu/orchestrator/experiment"
	"kizu/orchestrator/plan"
	"kizu/orchestrator/stage"
)

// training is a task whose effort is that of its steps.
func training(id string, steps, batch int) *plan.Task {
	return &plan.Task{ID: id, Kind: stage.KindTrainLoRA, Spec: stage.TrainLoRA{Steps: steps, LoRATraining: experiment.LoRATraining{BatchSize: batch}}}
}

// TestTimeOfAGroup: whoever ends early, every second of the device is one
// member's, and members that work alike pay alike.
func TestTimeOfAGroup(t *testing.T) {
	began := time.Now()
	at := func(seconds int) time.Time { return began.Add(time.Duration(seconds) * time.Second) }
	for name, test := range map[string]struct {
		play func(*spent)
		a, b time.Duration
	}{
		"side by side, the shorter ends first": {func(s *spent) { // 100 and 200 steps, 100 of each in 10 s
			s.heard("b", 100, 200)
			s.heard("a", 100, 100)
			s.settle(at(10))
			s.heard("b", 200, 200)
			s.settle(at(15))
		}, 5 * time.Second, 10 * time.Second},
		"one after the other": {func(s *spent) {
			s.heard("a", 100, 100)
			s.settle(at(5))
			s.heard("b", 200, 200)
			s.settle(at(15))
		}, 5 * time.Second, 10 * time.Second},
		"until something is done, time waits for it": {func(s *spent) {
			s.settle(at(3))
			s.heard("a", 100, 100)
			s.settle(at(6))
		}, 6 * time.Second, 0},
		"a checkpoint in between changes nothing": {func(s *spent) {
			s.heard("a", 50, 100)
			s.heard("b", 50, 200)
			s.settle(at(6))
			s.heard("b", 100, 200)
			s.heard("a", 100, 100)
			s.settle(at(12))
		}, 6 * time.Second, 6 * time.Second},
		"what is said twice, or of nobody": {func(s *spent) {
			s.heard("a", 100, 100)
			s.heard("a", 10, 100)
			s.heard("nobody", 1, 1)
			s.heard("b", 0, 0)
			s.settle(at(4))
			s.settle(at(9))
		}, 4 * time.Second, 0},
	} {
		s := newSpent(began)
		s.add(training("a", 100, 2), 0, 0)
		s.add(training("b", 200, 2), 0, 0)
		test.play(s)
		if s.on("a") != test.a || s.on("b") != test.b {
			t.Errorf("%s: %v and %v, want %v and %v", name, s.on("a"), s.on("b"), test.a, test.b)
		}
	}
}

// TestTimeOfAnEarlierAttempt: what a checkpoint has cost is part of the task's
// time, and the steps that it has are not paid again.
func TestTimeOfAnEarlierAttempt(t *testing.T) {
	began := time.Now()
	s := newSpent(began)
	s.add(training("a", 100, 1), 0.8, time.Minute) // 20 steps left
	s.add(training("b", 100, 1), 0, 0)
	s.heard("a", 100, 100)
	s.heard("b", 20, 100)
	s.settle(began.Add(10 * time.Second))
	if s.on("a") != 65*time.Second || s.on("b") != 5*time.Second {
		t.Errorf("%v and %v", s.on("a"), s.on("b"))
	}
}
