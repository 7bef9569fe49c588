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

// Estimate is the time that a task takes by what this host did before, or, where
// it did nothing of the kind, any host.
func (l *DurationEstimator) Estimate(task *Task) (took time.Duration, known bool) {
	if time.Since(l.read) > relearn {
		l.read = time.Now()
		if entries, err := l.Store.Journal(); err == nil {
			l.Plan.journal = entries
		}
	}
	for _, host := range []string{l.Store.Host(), AnyHost} {
		forecast := l.Plan.Forecast([]*Task{task}, host, nil)
		if len(forecast.Unknown()) == 0 {
			return time.Duration(forecast.Seconds * float64(time.Second)), true
		}
	}
	return 0, false
}
