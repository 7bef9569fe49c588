// Package progress shows a run: as bars on a terminal, as lines in a log, and as
// live.json for who looks on from elsewhere.
package progress

import (
	"fmt"
	"io"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/schollz/progressbar/v3"

	"kizu/orchestrator/plan"
)

// Display shows a run to a person or a log. Its methods may be called from
// several goroutines.
type Display interface {
	Start(toRun, reused int)
	TaskStarted(tasks []*plan.Task, device string) // several are computed together
	Progress(task *plan.Task, done, total int, fields map[string]any)
	TaskDone(task *plan.Task, took time.Duration)
	TaskFailed(task *plan.Task, err error)
	TaskElsewhere(task *plan.Task) // another process is at it; may be said again and again
	TaskFound(task *plan.Task)     // another process has made it
	FellApart(group Apart)
	Log(message string)
	Close()
}

// Silent shows nothing but failures, which the caller prints at the end.
type Silent struct{}

// Start and the methods below implement Display by doing nothing.
func (Silent) Start(int, int) {}

// TaskStarted does nothing.
func (Silent) TaskStarted([]*plan.Task, string) {}

// Progress does nothing.
func (Silent) Progress(*plan.Task, int, int, map[string]any) {}

// TaskDone does nothing.
func (Silent) TaskDone(*plan.Task, time.Duration) {}

// TaskFailed does nothing.
func (Silent) TaskFailed(*plan.Task, error) {}

// TaskElsewhere does nothing.
func (Silent) TaskElsewhere(*plan.Task) {}

// TaskFound does nothing.
func (Silent) TaskFound(*plan.Task) {}

// FellApart does nothing.
func (Silent) FellApart(Apart) {}

// Log does nothing.
func (Silent) Log(string) {}

// Close does nothing.
func (Silent) Close() {}

// Displays show a run in several ways at once.
type Displays []Display

// Start and the methods below implement Display by passing everything on.
func (d Displays) Start(toRun, reused int) {
	for _, each := range d {
		each.Start(toRun, reused)
	}
}

// TaskStarted passes on.
func (d Displays) TaskStarted(tasks []*plan.Task, device string) {
	for _, each := range d {
		each.TaskStarted(tasks, device)
	}
}

// Progress passes on.
func (d Displays) Progress(task *plan.Task, done, total int, fields map[string]any) {
	for _, each := range d {
		each.Progress(task, done, total, fields)
	}
}

// TaskDone passes on.
func (d Displays) TaskDone(task *plan.Task, took time.Duration) {
	for _, each := range d {
		each.TaskDone(task, took)
	}
}

// TaskFailed passes on.
func (d Displays) TaskFailed(task *plan.Task, err error) {
	for _, each := range d {
		each.TaskFailed(task, err)
	}
}

// TaskElsewhere passes on.
func (d Displays) TaskElsewhere(task *plan.Task) {
	for _, each := range d {
		each.TaskElsewhere(task)
	}
}

// TaskFound passes on.
func (d Displays) TaskFound(task *plan.Task) {
	for _, each := range d {
		each.TaskFound(task)
	}
}

// FellApart passes on.
func (d Displays) FellApart(group Apart) {
	for _, each := range d {
		each.FellApart(group)
	}
}

// Log passes on.
func (d Displays) Log(message string) {
	for _, each := range d {
		each.Log(message)
	}
}

// Close passes on.
func (d Displays) Close() {
	for _, each := range d {
		each.Close()
	}
}

const (
	readingShown = time.Second     // reading that takes longer has a bar on a terminal,
	readingSaid  = 5 * time.Second // or else, still longer, a line
)

// Reading shows how photos are read for the first time, if that lasts; it is to
// be told after each.
func Reading(out io.Writer, terminal bool) func(done, total int) {
	var bar *progressbar.ProgressBar
	began, said := time.Now(), false
	return func(done, total int) {
		switch lasted := time.Since(began); {
		case done == total || terminal && lasted < readingShown || !terminal && lasted < readingSaid:
		case terminal && bar == nil:
			bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(out), progressbar.OptionSetDescription("reading photos"),
				progressbar.OptionShowCount(), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())
		case !terminal && !said:
			said = true
			fmt.Fprintf(out, "reading %s photos; the next time they are known\n", humanize.Comma(int64(total)))
		}
		if bar != nil {
			_ = bar.Set(done)
		}
	}
}
