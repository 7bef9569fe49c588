package plan

import (
	"strings"
	"testing"
	"time"

	"kizu/orchestrator/store"
)

// TestDigest: equal for what computes the same, different for anything else.
func TestDigest(t *testing.T) {
	plain := smallPlan(t)
	for change, same := range map[string]bool{
		"name: small → name: other": true, "rank: 2 → rank: 4": false, "show: 3 → show: 2": false, "seeds: [0, 1] → seeds: [0]": false,
	} {
		from, to, _ := strings.Cut(change, " → ")
		exp := parse(t, strings.Replace(small, from, to, 1))
		if got := build(t, exp, smallInputs(t, exp)).Digest() == plain.Digest(); got != same {
			t.Errorf("%s: the digests are equal: %v", change, got)
		}
	}
}

// TestWidth counts what can be at work at once: at first everything that needs
// nothing, and at the end a single classifier.
func TestWidth(t *testing.T) {
	p, free := smallPlan(t), 0
	for _, task := range p.Tasks {
		if len(task.Needs) == 0 {
			free++
		}
	}
	if got := p.Width(); got < free || got > len(p.Tasks) {
		t.Errorf("%d of %d tasks, %d of which need nothing", got, len(p.Tasks), free)
	}
	last := find(t, p, "both", 1).Classify
	for _, task := range p.Tasks {
		task.Reuse = task != last
	}
	if got := p.Width(); got != 1 {
		t.Errorf("%d with one task left", got)
	}
	if last.Reuse = true; p.Width() != 0 {
		t.Error("nothing is left, and yet something can be at work")
	}
}

// TestLearner knows the time of a kind once the store has an artifact of it,
// whichever host made it; this host's own time goes first.
func TestLearner(t *testing.T) {
	p, s := smallPlan(t), openStore(t)
	task := find(t, p, "both", 0).Classify
	learner := &DurationEstimator{Plan: p, Store: s}
	if took, known := learner.Estimate(task); known {
		t.Errorf("%v, before any was done", took)
	}
	made := func(task *Task, host string, seconds float64) {
		learner.read = time.Time{}
		began := time.Now()
		commitAs(t, s, task, &store.Manifest{Host: host, Device: "cpu", Effort: task.Spec.Effort(), Started: began, Finished: began.Add(time.Duration(seconds * float64(time.Second)))})
	}
	made(task, "elsewhere", 40)
	if took, known := learner.Estimate(task); !known || took.Round(time.Second) != 40*time.Second {
		t.Errorf("%v, known %v", took, known)
	}
	made(find(t, p, "both", 1).Classify, s.Host(), 4)
	if took, known := learner.Estimate(task); !known || took.Round(time.Second) != 4*time.Second {
		t.Errorf("%v, known %v", took, known)
	}
}

// commitAs commits a task's artifact as a host made it.
func commitAs(t *testing.T, s *store.Store, task *Task, m *store.Manifest) {
	t.Helper()
	g, err := s.Begin(task.Kind, task.Key)
	if err != nil {
		t.Fatal(err)
	}
	m.Kind, m.Key, m.Label = task.Kind, task.Key, task.Label
	if err := g.Commit(m); err != nil {
		t.Fatal(err)
	}
}
