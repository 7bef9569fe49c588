package progress

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/execute/runlog"
	"kizu/orchestrator/plan"
)

// Lines shows a run as plain lines: what a log file and a cron mail take.
type Lines struct {
	Silent // to its end

	mu        sync.Mutex
	log       *slog.Logger
	pace      *Pace
	toRun     int
	ended     int
	atHand    batches
	elsewhere map[string]bool // that was said of a task
}

// quiet is how long a device may go on without a line about its progress.
const quiet = 30 * time.Second

// NewLines writes text lines, or JSON ones for machines.
func NewLines(out io.Writer, asJSON bool, pace *Pace) *Lines {
	var handler slog.Handler = &plainHandler{out: out}
	if asJSON {
		handler = slog.NewJSONHandler(out, nil)
	}
	return &Lines{log: slog.New(handler), pace: pace, elsewhere: map[string]bool{}}
}

// Start and the methods below implement Display.
func (l *Lines) Start(toRun, reused int) {
	l.toRun = toRun
	if toRun > 0 {
		l.log.Info(fmt.Sprintf("%d %s to run, %d reused", toRun, english.PluralWord(toRun, "task", ""), reused), "to_run", toRun, "reused", reused)
	}
}

func (l *Lines) TaskStarted(tasks []*plan.Task, device string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	started := l.atHand.start(tasks)
	l.log.Info(fmt.Sprintf("started  %s on %s", started.name(), device), "task", tasks[0].ID, "together", plan.IDs(tasks), "device", device)
}

func (l *Lines) Progress(task *plan.Task, done, total int, fields map[string]any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	batch := l.atHand.heard(task)
	if batch == nil || time.Since(batch.said) < quiet {
		return
	}
	batch.said = time.Now()
	l.log.Info(fmt.Sprintf("         %s: %d of %d%s; %s", batch.name(), done, total, describe(fields), l.pace),
		"task", task.ID, "done", done, "total", total)
}

func (l *Lines) TaskDone(task *plan.Task, took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended++
	l.atHand.end(task)
	l.log.Info(fmt.Sprintf("done %d/%d %s in %s; %s", l.ended, l.toRun, task.Label, plan.Short(took), l.pace),
		"task", task.ID, "seconds", took.Seconds())
}

func (l *Lines) TaskFailed(task *plan.Task, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended++
	l.atHand.end(task)
	l.log.Error(fmt.Sprintf("failed   %s: %v", task.Label, err), "task", task.ID, "log_tail", runlog.LogTail(err))
}

// TaskElsewhere implements Display. It says so once.
func (l *Lines) TaskElsewhere(task *plan.Task) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.elsewhere[task.ID] {
		l.elsewhere[task.ID] = true
		l.log.Info("elsewhere: another run is making "+task.Label, "task", task.ID)
	}
}

func (l *Lines) TaskFound(task *plan.Task) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended++
	l.log.Info(fmt.Sprintf("found %d/%d %s, made by another run", l.ended, l.toRun, task.Label), "task", task.ID)
}

func (l *Lines) FellApart(group Apart) {
	attributes := []any{"apart", group.Cause, "tasks", plan.IDs(group.Members)}
	if group.Cause == FaultCause {
		l.log.Warn(group.String(), append(attributes, "log_tail", runlog.LogTail(group.Err))...)
		return
	}
	l.log.Info(group.String(), attributes...)
}

func (l *Lines) Log(message string) { l.log.Info(message) }

// Tally counts the tasks of a run by how they ended.
type Tally struct{ Done, Found, Failed, Blocked int }

// Ended writes how the run ended.
func (l *Lines) Ended(tally Tally, err error) {
	attributes := []any{"done", tally.Done, "found", tally.Found, "failed", tally.Failed, "blocked", tally.Blocked}
	if err != nil {
		l.log.Error(fmt.Sprintf("ended    %v", err), attributes...)
		return
	}
	l.log.Info(fmt.Sprintf("ended    %d done, %d failed", tally.Done+tally.Found, tally.Failed), attributes...)
}

// plainHandler is a slog handler that writes the time and the message only.
type plainHandler struct {
	mu  sync.Mutex
	out io.Writer
}

func (*plainHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h *plainHandler) Handle(_ context.Context, r slog.Record) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, err := fmt.Fprintf(h.out, "%s %s\n", r.Time.Format("15:04:05"), r.Message)
	return err
}

func (h *plainHandler) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h *plainHandler) WithGroup(string) slog.Handler      { return h }
