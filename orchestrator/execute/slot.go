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

// slot is a device with its worker process, which is started when first
// needed, keeps the base model loaded between tasks, and is replaced if it dies.
type slot struct {
	device   string
	run      *run
	process  *process
	name     string // the device's maker's
	versions map[string]string
	computes *store.Environment
}

// end is how a task ended on a slot.
type end int

const (
	notDone end = iota
	computed
	found     // another process that shares the store had made it
	elsewhere // another process is making it
	left      // to other processes: there is not enough time for it here
)

// do runs tasks to their ends, unless other processes have or do them, and
// says of each how it ended and then that the slot is idle. What cannot be
// computed together is computed one by one.
func (s *slot) do(ctx context.Context, tasks []*plan.Task, outcomes chan<- outcome) {
	if len(tasks) > 1 {
		tasks = s.together(ctx, tasks, outcomes)
	}
	for _, task := range tasks {
		outcomes <- s.one(ctx, task)
	}
	outcomes <- outcome{slot: s}
}

// one runs one task.
func (s *slot) one(ctx context.Context, task *plan.Task) outcome {
	cfg, started := &s.run.cfg, time.Now()
	o := outcome{slot: s, task: task}
	switch {
	case ctx.Err() != nil:
		o.err = ctx.Err()
	case cfg.Store.Has(task.Kind, task.Key): // most that others do is found so, without a claim
		o.end = found
	case !cfg.Window.fits(task, started):
		o.end = left
	default:
		o.end, o.err = s.claim(ctx, task)
	}
	o.took = time.Since(started)
	return o
}

// claim runs a task as the only process to do so.
func (s *slot) claim(ctx context.Context, task *plan.Task) (how end, err error) {
	cfg := &s.run.cfg
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
	if err := cfg.Team.Failure(task); err != nil {
		return notDone, err
	}
	cfg.Window.use()
	cfg.Display.TaskStarted(task, s.device)
	how, err = s.attempt(ctx, task, claim)
	if start := new(StartError); err != nil && ctx.Err() == nil && !errors.As(err, &start) {
		err = errors.Join(err, cfg.Team.fail(task, cfg.Job, err))
	}
	return how, err
}

// attempt tries a task as often as its failures allow.
func (s *slot) attempt(ctx context.Context, task *plan.Task, claim *store.Lock) (end, error) {
	parts, met := 0, 0
	for number := 1; ; number++ {
		fresh := s.process == nil
		err := s.try(ctx, task, claim, number, parts)
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
			if fewer := more(task.Spec, parts); fewer > 0 {
				parts = fewer
				note += fmt.Sprintf(" with each batch in %d parts", parts)
			} else if fresh { // without anything that earlier tasks left
				hopeless, err = true, &MemoryError{Advice: less(task.Spec), Err: err}
			}
		}
		s.close()
		if hopeless {
			return notDone, err
		}
		s.run.cfg.Display.Log(fmt.Sprintf("%s: %v; trying again %s", task.Label, err, note))
	}
}

// errTakenOver is a task whose lease ran out while this process stood still.
var errTakenOver = errors.New("another process has taken the task over")

// ready makes sure that a worker process runs.
func (s *slot) ready(ctx context.Context) error {
	if s.process != nil {
		return nil
	}
	log := filepath.Join(s.run.cfg.Store.Logs(s.run.cfg.RunID), "worker-"+fileName(s.device)+".log")
	process, event, err := startProcess(ctx, s.run.cfg.Worker, s.device, log)
	if err != nil {
		return err
	}
	s.process, s.versions = process, event.Versions
	if len(event.Devices) > 0 {
		s.name = event.Devices[0].Label
	}
	s.computes = &store.Environment{Kizu: s.run.cfg.Version, Reproducible: s.run.cfg.Reproducible}
	if p := event.Processor; p != nil {
		s.computes.Processor, s.computes.Instructions = p.Model, p.Instructions
		s.computes.Limits, s.computes.Threads = p.Limits, p.Threads
	}
	return nil
}

// died gives up the worker process, so that the next task gets a new one.
func (s *slot) died(log string) error {
	err := &DiedError{How: s.process.wait(), Log: log}
	err.OutOfMemory = s.process.killed() && outOfMemoryKills() > s.process.kills
	s.process = nil
	return err
}

// close ends the worker process.
func (s *slot) close() {
	if s.process != nil {
		s.process.stop()
		s.process = nil
	}
}

// kill ends the worker process at once.
func (s *slot) kill() {
	if s.process != nil {
		s.process.kill()
		s.close()
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
