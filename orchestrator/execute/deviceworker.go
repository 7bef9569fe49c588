package execute

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"kizu/orchestrator/plan"
	"kizu/orchestrator/store"
)

// deviceWorker is a device with its worker process, which is started when first
// needed, keeps the base model loaded between tasks, and is replaced if it dies.
type deviceWorker struct {
	device   string
	run      *run
	process  *process
	name     string // the device's maker's
	versions map[string]string
	computes *store.Environment
}

// end is how a task ended on a device.
type end int

const (
	notDone end = iota
	computed
	found     // another process that shares the store had made it
	elsewhere // another process is making it
	passedOn  // to other processes: there is not enough time for it here
)

// do runs tasks to their ends, unless other processes have or do them, and says of each how it
// ended and then that its device is idle. What cannot be computed together is computed one by one.
func (w *deviceWorker) do(ctx context.Context, tasks []*plan.Task, outcomes chan<- outcome) {
	if len(tasks) > 1 {
		tasks = w.together(ctx, tasks, outcomes)
	}
	for _, task := range tasks {
		outcomes <- w.one(ctx, task)
	}
	outcomes <- outcome{worker: w}
}

// one runs one task.
func (w *deviceWorker) one(ctx context.Context, task *plan.Task) outcome {
	cfg := &w.run.cfg
	o := outcome{worker: w, task: task}
	switch {
	case ctx.Err() != nil:
		o.err = ctx.Err()
	case cfg.Store.Has(task.Kind, task.Key): // most that others do is found so, without a claim
		o.end = found
	case !cfg.Budget.fits(task, time.Now()):
		o.end = passedOn
	default:
		o.end, o.err = w.claim(ctx, task)
	}
	return o
}

// claim runs a task as the only process to do so.
func (w *deviceWorker) claim(ctx context.Context, task *plan.Task) (how end, err error) {
	cfg := &w.run.cfg
	claim, err := cfg.Store.Claim(task.Kind, task.Key)
	if errors.Is(err, store.ErrLocked) {
		return elsewhere, nil
	} else if err != nil {
		return notDone, diskFull(err)
	}
	defer func() { err = errors.Join(err, claim.Release()) }()
	if cfg.Store.Has(task.Kind, task.Key) {
		return found, nil
	}
	if err := cfg.Failures.Failure(task); err != nil {
		return notDone, err
	}
	cfg.Budget.use()
	cfg.Display.TaskStarted([]*plan.Task{task}, w.device)
	how, err = w.attempt(ctx, task, claim)
	if start := new(StartError); err != nil && ctx.Err() == nil && !errors.As(err, &start) {
		err = errors.Join(err, cfg.Failures.Fail(task, cfg.Job, err))
	}
	return how, err
}

// attempt tries a task as often as its failures allow.
func (w *deviceWorker) attempt(ctx context.Context, task *plan.Task, claim *store.Lock) (end, error) {
	pieces, met := 0, 0
	for number := 1; ; number++ {
		fresh := w.process == nil
		err := w.try(ctx, task, claim, number, pieces)
		switch {
		case err == nil:
			return computed, nil
		case errors.Is(err, errTakenOver):
			return elsewhere, nil
		case ctx.Err() != nil:
			return notDone, err
		}
		note, hopeless := "in a fresh worker", false
		switch remedyFor(err) {
		case none:
			return notDone, err
		case freshWorker:
			met++
			hopeless = met == faults
		case lessMemory:
			if fewer := more(task.Spec, pieces); fewer > 0 {
				pieces = fewer
				note += fmt.Sprintf(" with each batch in %d pieces", pieces)
			} else if fresh { // without anything that earlier tasks left
				hopeless, err = true, &MemoryError{Advice: less(task.Spec), Err: err}
			}
		}
		w.close()
		if hopeless {
			return notDone, err
		}
		w.run.cfg.Display.Log(fmt.Sprintf("%s: %v; trying again %s", task.Label, err, note))
	}
}

// errTakenOver is a task whose lease ran out while this process stood still.
var errTakenOver = errors.New("another process has taken the task over")

// ready makes sure that a worker process runs.
func (w *deviceWorker) ready(ctx context.Context) error {
	if w.process != nil {
		return nil
	}
	log := filepath.Join(w.run.cfg.Store.Logs(w.run.cfg.RunID), "worker-"+fileName(w.device)+".log")
	process, event, err := startProcess(ctx, w.run.cfg.Worker, w.device, log)
	if err != nil {
		return err
	}
	w.process, w.versions = process, event.Versions
	if len(event.Devices) > 0 {
		w.name = event.Devices[0].Label
	}
	w.computes = &store.Environment{Kizu: w.run.cfg.Version, Reproducible: w.run.cfg.Reproducible}
	if p := event.Processor; p != nil {
		w.computes.Processor, w.computes.Instructions = p.Model, p.Instructions
		w.computes.Limits, w.computes.Threads = p.Limits, p.Threads
	}
	return nil
}

// died gives up the worker process, so that the next task gets a new one.
func (w *deviceWorker) died(log string) error {
	err := &DiedError{How: w.process.wait(), Log: log}
	err.OutOfMemory = w.process.killed() && outOfMemoryKills() > w.process.kills
	w.process = nil
	return err
}

// close ends the worker process.
func (w *deviceWorker) close() {
	if w.process != nil {
		w.process.stop()
		w.process = nil
	}
}

// kill ends the worker process at once.
func (w *deviceWorker) kill() {
	if w.process != nil {
		w.process.kill()
		w.close()
	}
}

// fileName makes a device's or task's name usable as a file's.
func fileName(name string) string {
	safe := []rune(name)
	for i, r := range safe {
		if r == ':' || r == '/' || r == '\\' || r == ' ' {
			safe[i] = '-'
		}
	}
	return string(safe)
}
