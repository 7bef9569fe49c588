package execute

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"kizu/orchestrator/execute/protocol"
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
			parts = more(task, parts)
			hopeless = parts == 0
			note += fmt.Sprintf(" with each batch in %d parts", parts)
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

// try runs a task once and commits its artifact.
func (s *slot) try(ctx context.Context, task *plan.Task, claim *store.Lock, number, parts int) error {
	t, err := s.begin(ctx, task, claim, number, parts)
	if err != nil {
		return err
	}
	request := protocol.Request{Task: task.ID, Call: task.Kind + ".run", Spec: t.spec, Log: t.log}
	var done protocol.Event
	err = s.converse(ctx, request, func(event protocol.Event) {
		if event.Type == protocol.Progress {
			s.run.cfg.Display.Progress(task, event.Done, event.Total, event.Fields)
		}
		done = event
	})
	return s.finish(t, done, err)
}

// trial is one attempt at a task: what was made ready for it.
type trial struct {
	task     *plan.Task
	claim    *store.Lock
	staging  *store.Staging
	manifest *store.Manifest
	spec     json.RawMessage
	log      string
}

// begin makes everything ready for a task: its inputs are sound, a worker runs,
// there is a folder to write into.
func (s *slot) begin(ctx context.Context, task *plan.Task, claim *store.Lock, number, parts int) (*trial, error) {
	st := s.run.cfg.Store
	for _, need := range task.Needs {
		if err := s.run.sound(need.Kind, need.Key); err != nil {
			return nil, fmt.Errorf("%s is needed: %w", need.Label, err)
		}
	}
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	staging, err := st.Begin(task.Kind, task.Key)
	if err != nil {
		return nil, diskFull(err)
	}
	t := &trial{task: task, claim: claim, staging: staging}
	t.log = filepath.Join(st.Logs(s.run.cfg.RunID), fileName(task.ID)+".log")
	t.manifest = &store.Manifest{
		Kind: task.Kind, Key: task.Key, Label: task.Label, Identity: task.Identity(),
		Device: s.device, DeviceName: s.name, Versions: s.versions, Started: time.Now().UTC(),
		Host: st.Host(), Job: s.run.cfg.Job, Run: s.run.cfg.RunID, Attempt: number, Parts: parts,
	}
	for _, need := range task.Needs {
		t.manifest.Inputs = append(t.manifest.Inputs, store.Input{Kind: need.Kind, Key: need.Key})
	}
	t.spec, t.manifest.Effort, err = s.wire(task, staging.Dir(), parts)
	if err != nil {
		return nil, errors.Join(err, staging.Discard())
	}
	return t, nil
}

// finish commits what a task has written, or discards it if err says that it
// failed, or if it is no longer what the key stands for.
func (s *slot) finish(t *trial, event protocol.Event, err error) error {
	if err == nil {
		// What a key stands for must be what the stage has read.
		err = s.run.plan.Changed(t.task, s.run.cfg.Hashes)
	}
	if !t.claim.Held() { // then the task's checkpoints are another's too, and an error says nothing
		err = errTakenOver
	}
	if err != nil {
		return errors.Join(err, t.staging.Discard())
	}
	t.manifest.Result, t.manifest.Finished = event.Result, time.Now().UTC()
	if event.Memory != nil {
		t.manifest.PeakMemory = store.Memory(*event.Memory)
	}
	if err := diskFull(t.staging.Commit(t.manifest)); err != nil {
		return err
	}
	return s.run.cfg.Store.DropCheckpoints(t.task.Key)
}

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
	return nil
}

// converse has the worker do what is requested, and passes on what it says of
// it, until it is done or has failed.
func (s *slot) converse(ctx context.Context, request protocol.Request, hear func(protocol.Event)) error {
	log := request.Log
	if err := s.process.send(request); err != nil {
		return s.died(log)
	}
	limit := s.run.cfg.Stall
	stalled := time.NewTimer(limit)
	defer stalled.Stop()
	cancelled := ctx.Done()
	var deadline <-chan time.Time
	for {
		select {
		case <-cancelled:
			cancelled, deadline = nil, time.After(grace)
			_ = s.process.send(protocol.Request{Task: request.Task, Cancel: true})
		case <-deadline:
			s.process.kill()
			return errors.Join(ctx.Err(), s.died(log))
		case <-stalled.C:
			s.process.kill()
			_ = s.died(log)
			return &StallError{After: limit, Log: log}
		case event, alive := <-s.process.events:
			if !alive {
				return s.died(log)
			}
			own := event.Task == request.Task
			if !own && !slices.Contains(request.Members, event.Task) {
				continue // a late word about a former task
			}
			stalled.Reset(limit)
			if own && event.Type == protocol.Failed {
				return failure(event, log)
			}
			hear(event)
			if own && event.Type == protocol.Done {
				return nil
			}
		}
	}
}

// failure is the error of a task that an event says has failed.
func failure(event protocol.Event, log string) error {
	if event.Failure == nil {
		event.Failure = &protocol.Failure{Type: "worker", Message: "it failed and does not say why"}
	}
	return &TaskError{*event.Failure, log}
}

// died gives up the worker process, so that the next task gets a new one.
func (s *slot) died(log string) error {
	err := &DiedError{How: s.process.wait(), Log: log}
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
