package execute

import (
	"sync"
	"time"

	"kizu/orchestrator/plan"
	"kizu/orchestrator/stage"
)

// TimeBudget is the time that a worker has, where the machine is its own only until
// a given moment.
type TimeBudget struct {
	End      time.Time                              // when the worker will be stopped
	Estimate func(*plan.Task) (time.Duration, bool) // how long a task takes, if that is known

	mu   sync.Mutex
	used bool // a task has been started in it
}

// margin is how many times its estimated time a task must have.
const margin = 1.5

// fits reports whether a task may be started. The first may in any case: no
// later budget will be longer. Work in steps may, since it leaves checkpoints and
// goes on from them in another job.
func (b *TimeBudget) fits(task *plan.Task, now time.Time) bool {
	if b == nil {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, continues := task.Spec.(stage.Stepped); continues || !b.used {
		return true
	}
	estimate, known := b.Estimate(task)
	return !known || !now.Add(time.Duration(margin*float64(estimate))).After(b.End)
}

// use records that a task is being started.
func (b *TimeBudget) use() {
	if b != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.used = true
	}
}
