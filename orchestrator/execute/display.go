package execute

import (
	"time"

	"kizu/orchestrator/plan"
)

// Display shows a run to a person or a log. Its methods may be called from
// several goroutines.
type Display interface {
	Start(toRun, reused int)
	TaskStarted(task *plan.Task, device string)
	Progress(task *plan.Task, done, total int, fields map[string]any)
	TaskDone(task *plan.Task, took time.Duration)
	TaskFailed(task *plan.Task, err error)
	Log(message string)
	Close()
}

// Silent shows nothing but failures, which the caller prints at the end.
type Silent struct{}

// Start and the methods below implement Display by doing nothing.
func (Silent) Start(int, int) {}

// TaskStarted does nothing.
func (Silent) TaskStarted(*plan.Task, string) {}

// Progress does nothing.
func (Silent) Progress(*plan.Task, int, int, map[string]any) {}

// TaskDone does nothing.
func (Silent) TaskDone(*plan.Task, time.Duration) {}

// TaskFailed does nothing.
func (Silent) TaskFailed(*plan.Task, error) {}

// Log does nothing.
func (Silent) Log(string) {}

// Close does nothing.
func (Silent) Close() {}
