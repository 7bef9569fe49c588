package progress

import (
	"fmt"
	"math"
	"testing"
	"time"

	"kizu/orchestrator/plan"
)

// clock is a run's time, which passes only as it is told.
type clock struct{ at time.Time }

func (c *clock) pass(seconds float64) {
	c.at = c.at.Add(time.Duration(seconds * float64(time.Second)))
}

func paced(c *clock, tasks []*plan.Task, loads map[string]plan.Cost) *Pace {
	p := NewPace(tasks, loads, 1)
	p.now = func() time.Time { return c.at }
	p.settled = c.at
	return p
}

// TestPace: whatever was expected, from a fifth of a run on the time that is left is
// within a factor of two of the truth; the share never shrinks and ends at 1.
func TestPace(t *testing.T) {
	truth := map[string]float64{"train_lora": 30, "generate": 12, "classify": 3, "judge": 1}
	for _, wrong := range []map[string]float64{
		{"train_lora": 1, "generate": 1, "classify": 1, "judge": 1},
		{"train_lora": 0.1, "generate": 0.1, "classify": 0.1, "judge": 0.1},
		{"train_lora": 1.5, "generate": 0.7, "classify": 1.4, "judge": 0.8},
	} {
		var tasks []*plan.Task
		loads, total := map[string]plan.Cost{}, 0.0
		for _, kind := range []string{"train_lora", "generate", "classify", "judge"} {
			for i := range 8 {
				task := &plan.Task{ID: fmt.Sprint(kind, i), Kind: kind, Label: kind}
				tasks = append(tasks, task)
				loads[task.ID] = plan.Cost{Seconds: truth[kind] * wrong[kind]}
				total += truth[kind]
			}
		}
		c := &clock{}
		p := paced(c, tasks, loads)
		passed, before := 0.0, 0.0
		for _, task := range tasks {
			p.TaskStarted([]*plan.Task{task}, "cpu")
			for step := range 10 {
				c.pass(truth[task.Kind] / 10)
				passed += truth[task.Kind] / 10
				p.Progress(task, step+1, 10, nil)
				share, left := p.Estimate()
				if share < before || share > 1 {
					t.Fatalf("%v: %g of the run after %g", wrong, share, before)
				}
				before = share
				if rest := total - passed; passed > 0.2*total && rest > 1 && math.Abs(math.Log2(left.Seconds()/rest)) > 1 {
					t.Errorf("%v: after %.0f of %.0f s %v left", wrong, passed, total, left)
				}
			}
			p.TaskDone(task, 0)
		}
		if share, left := p.Estimate(); share < 1-1e-9 || left > time.Millisecond {
			t.Errorf("at the end %g, %v left", share, left)
		}
	}
}

// TestPaceOfABatch: its members share a device's time, what was done before costs nothing,
// and what others made or what failed is no longer left.
func TestPaceOfABatch(t *testing.T) {
	task := func(id string) *plan.Task { return &plan.Task{ID: id, Kind: "train_lora"} }
	a, b, found, failed := task("a"), task("b"), task("found"), task("failed")
	tasks := []*plan.Task{a, b, found, failed}
	c := &clock{}
	p := paced(c, tasks, map[string]plan.Cost{"a": {Seconds: 10}, "b": {Seconds: 5, From: 0.5}, "found": {Seconds: 100}, "failed": {Seconds: 100}})
	p.TaskFound(found)
	p.TaskFailed(failed, nil)
	if _, left := p.Estimate(); left != 15*time.Second {
		t.Errorf("%v left", left)
	}
	p.TaskStarted([]*plan.Task{a, b}, "cpu")
	c.pass(60) // of loading a model
	p.Progress(a, 0, 10, nil)
	if _, left := p.Estimate(); left != 15*time.Second {
		t.Errorf("%v left after a minute without progress", left)
	}
	c.pass(15)
	p.Progress(a, 5, 10, nil)
	p.Progress(b, 15, 20, nil) // half of the rest
	if share, left := p.Estimate(); math.Abs(share-0.5) > 0.01 || (left-15*time.Second).Abs() > time.Second {
		t.Errorf("%g, %v left", share, left)
	}
	c.pass(5) // nothing is heard, and time passes
	if _, left := p.Estimate(); left < 16*time.Second {
		t.Errorf("%v left", left)
	}
}
