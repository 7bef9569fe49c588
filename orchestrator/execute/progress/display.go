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

// Display shows a run to a person or a log. Its methods may be called from several goroutines.
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

// Silent shows nothing but failures, which the caller prints at the end: each of its methods
// does nothing.
type Silent struct{}

func (Silent) Start(int, int)                                {}
func (Silent) TaskStarted([]*plan.Task, string)              {}
func (Silent) Progress(*plan.Task, int, int, map[string]any) {}
func (Silent) TaskDone(*plan.Task, time.Duration)            {}
func (Silent) TaskFailed(*plan.Task, error)                  {}
func (Silent) TaskElsewhere(*plan.Task)                      {}
func (Silent) TaskFound(*plan.Task)                          {}
func (Silent) FellApart(Apart)                               {}
func (Silent) Log(string)                                    {}
func (Silent) Close()                                        {}

// Displays show a run in several ways at once: each method passes on what it is told.
type Displays []Display

func (d Displays) all(tell func(Display)) {
	for _, each := range d {
		tell(each)
	}
}

func (d Displays) Start(toRun, reused int) { d.all(func(to Display) { to.Start(toRun, reused) }) }
func (d Displays) TaskStarted(tasks []*plan.Task, device string) {
	d.all(func(to Display) { to.TaskStarted(tasks, device) })
}
func (d Displays) Progress(task *plan.Task, done, total int, fields map[string]any) {
	d.all(func(to Display) { to.Progress(task, done, total, fields) })
}
func (d Displays) TaskDone(task *plan.Task, took time.Duration) {
	d.all(func(to Display) { to.TaskDone(task, took) })
}
func (d Displays) TaskFailed(task *plan.Task, err error) {
	d.all(func(to Display) { to.TaskFailed(task, err) })
}
func (d Displays) TaskElsewhere(task *plan.Task) {
	d.all(func(to Display) { to.TaskElsewhere(task) })
}
func (d Displays) TaskFound(task *plan.Task) { d.all(func(to Display) { to.TaskFound(task) }) }
func (d Displays) FellApart(group Apart)     { d.all(func(to Display) { to.FellApart(group) }) }
func (d Displays) Log(message string)        { d.all(func(to Display) { to.Log(message) }) }
func (d Displays) Close()                    { d.all(Display.Close) }

const (
	readingShown = time.Second     // reading that takes longer has a bar on a terminal,
	readingSaid  = 5 * time.Second // or else, still longer, a line
)

// Reading shows how photos are read for the first time, if that lasts; it is to be told after each.
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
