package execute

import (
	"context"
	"fmt"
	"math"
	"time"

	"kizu/orchestrator/execute/progress"
	"kizu/orchestrator/execute/runlog"
	"kizu/orchestrator/plan"
	"kizu/orchestrator/schedule"
	"kizu/orchestrator/store"
)

// Following is what it takes to follow the workers of a run.
type Following struct {
	Store   *store.Store
	RunID   string
	Display progress.Display
	Every   time.Duration
	// Working reports whether any worker is left that works or will.
	Working func(context.Context) (bool, error)
}

// Follow shows what the workers of a run do, until every task has ended or no
// worker is left; then tasks may be left, which Summary.Left counts.
func Follow(ctx context.Context, p *plan.Plan, cfg Following) (*Summary, error) {
	tasks := p.ToRun()
	todo, err := schedule.New(scheduled(tasks))
	f := &follower{
		cfg: cfg, todo: todo, failures: runlog.FailureLogOf(cfg.Store.Logs(cfg.RunID)), open: map[string]*plan.Task{}, started: map[string]bool{},
		summary: &Summary{Failures: map[string]error{}, Blocked: map[string]error{}},
	}
	for _, task := range tasks {
		f.open[task.ID] = task
	}
	if err != nil {
		return f.summary, err
	}
	cfg.Display.Start(len(tasks), len(p.Tasks)-len(tasks))
	defer cfg.Display.Close()
	for working := true; ; {
		if err := f.look(tasks); err != nil || len(f.open) == 0 || !working {
			f.summary.Left = len(f.open)
			return f.summary, err
		}
		// Asked after the look, and looked once more after the last worker has
		// gone: what it did last is not missed.
		if working, err = cfg.Working(ctx); err != nil {
			return f.summary, err
		}
		select {
		case <-ctx.Done():
			return f.summary, ErrInterrupted
		case <-time.After(cfg.Every):
		}
	}
}

type follower struct {
	cfg      Following
	todo     *schedule.Schedule
	failures *runlog.FailureLog
	summary  *Summary
	open     map[string]*plan.Task // by id, what has not ended
	started  map[string]bool       // by id, what was seen at work
}

// look tells the display what has happened since the last look.
func (f *follower) look(tasks []*plan.Task) error {
	workers, err := runlog.LiveWorkers(f.cfg.Store.Logs(f.cfg.RunID), f.cfg.Store.Host())
	if err != nil {
		return err
	}
	for _, worker := range workers {
		for _, device := range worker.Devices {
			f.progress(device, device.Device+" of "+worker.Place())
		}
	}
	for _, task := range tasks {
		if f.open[task.ID] == nil {
			continue
		}
		if m, err := f.cfg.Store.Manifest(task.Kind, task.Key); err == nil {
			f.end(task)
			f.todo.Done(task.ID)
			f.summary.Done++
			f.cfg.Display.TaskDone(task, m.Took())
		} else if failure := f.failures.Failure(task); failure != nil {
			f.fail(task, failure)
		}
	}
	return nil
}

func (f *follower) progress(device runlog.LiveDevice, place string) {
	task := f.open[device.Task]
	if task == nil {
		return
	}
	if !f.started[task.ID] {
		f.cfg.Display.TaskStarted(f.at(device), place)
	}
	if device.Total > 0 {
		f.cfg.Display.Progress(task, device.Done, device.Total, device.Fields)
	}
}

// at lists what a device has at hand, all of which was seen now.
func (f *follower) at(device runlog.LiveDevice) []*plan.Task {
	tasks := []*plan.Task{f.open[device.Task]}
	for _, beside := range device.Beside {
		if task := f.open[beside.Task]; task != nil {
			tasks = append(tasks, task)
		}
	}
	for _, task := range tasks {
		f.started[task.ID] = true
	}
	return tasks
}

func (f *follower) fail(task *plan.Task, failure error) {
	f.end(task)
	f.summary.Failures[task.ID] = failure
	f.cfg.Display.TaskFailed(task, failure)
	for _, id := range f.todo.Failed(task.ID) {
		f.summary.Blocked[id] = fmt.Errorf("needs %s, which failed", task.Label)
		delete(f.open, id)
	}
}

func (f *follower) end(task *plan.Task) { delete(f.open, task.ID) }

// ProgressMark is how far tasks have come, by key: the steps of the latest checkpoint,
// or more than any for an artifact.
type ProgressMark map[string]int

// ProgressMarkOf looks at the store.
func ProgressMarkOf(st *store.Store, tasks []*plan.Task) ProgressMark {
	m := ProgressMark{}
	for _, task := range tasks {
		if m[task.Key] = st.CheckpointSteps(task.Key); st.Has(task.Kind, task.Key) {
			m[task.Key] = math.MaxInt
		}
	}
	return m
}

// Beyond reports whether any task has come further. Since all tasks together
// have a finite number of steps, it is true a finite number of times.
func (p ProgressMark) Beyond(before ProgressMark) bool {
	for key, steps := range p {
		if steps > before[key] {
			return true
		}
	}
	return false
}
