package plan

import (
	"time"

	"kizu/orchestrator/store"
)

// DurationEstimator estimates how long tasks take while others of their kind are being
// done: it reads the store's journal again from time to time. It is for one
// goroutine at a time.
type DurationEstimator struct {
	Plan  *Plan
	Store *store.Store
	read  time.Time
}

// relearn is the time between two readings.
const relearn = 30 * time.Second

// Estimate is the time that a task takes by what this machine did before, or, where
// it did nothing of the kind, any machine.
func (e *DurationEstimator) Estimate(task *Task) (took time.Duration, known bool) {
	if time.Since(e.read) > relearn {
		e.read = time.Now()
		if entries, err := e.Store.Journal(); err == nil {
			e.Plan.journal = entries
		}
	}
	for _, machine := range []string{e.Store.Host(), AnyMachine} {
		forecast := e.Plan.Forecast([]*Task{task}, machine, nil)
		if len(forecast.Unknown()) == 0 {
			return time.Duration(forecast.Seconds * float64(time.Second)), true
		}
	}
	return 0, false
}
