package execute

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
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
	versions map[string]string
}

// attempts is how often a task is tried when its worker process dies under it.
const attempts = 2

// do runs one task to its end.
func (s *slot) do(ctx context.Context, task *plan.Task) outcome {
	started := time.Now()
	s.run.cfg.Display.TaskStarted(task, s.device)
	var err error
	for range attempts {
		err = s.try(ctx, task)
		var died *DiedError
		if !errors.As(err, &died) || ctx.Err() != nil {
			break
		}
		s.run.cfg.Display.Log(fmt.Sprintf("%s: %v", task.Label, err))
	}
	return outcome{s, task, time.Since(started), err}
}

// try runs a task once and commits its artifact.
func (s *slot) try(ctx context.Context, task *plan.Task) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	st := s.run.cfg.Store
	staging, err := st.Begin(task.Kind, task.Key)
	if err != nil {
		return diskFull(err)
	}
	manifest := &store.Manifest{
		Kind: task.Kind, Key: task.Key, Identity: task.Identity,
		Device: s.device, Versions: s.versions, Started: time.Now().UTC(),
	}
	for _, need := range task.Needs {
		manifest.Inputs = append(manifest.Inputs, store.Input{Kind: need.Kind, Key: need.Key})
	}
	manifest.Result, err = s.compute(ctx, task, staging.Dir())
	if err != nil {
		return errors.Join(err, staging.Discard())
	}
	manifest.Finished = time.Now().UTC()
	return diskFull(staging.Commit(manifest))
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
	return nil
}

// compute has the worker run a task that writes into a folder, and returns the
// stage's result.
func (s *slot) compute(ctx context.Context, task *plan.Task, dir string) (json.RawMessage, error) {
	spec, err := s.wire(task, dir)
	if err != nil {
		return nil, err
	}
	log := filepath.Join(s.run.cfg.Store.Logs(s.run.cfg.RunID), fileName(task.ID)+".log")
	request := protocol.Request{Task: task.ID, Call: task.Kind + ".run", Spec: spec, Log: log}
	if err := s.process.send(request); err != nil {
		return nil, s.died(log)
	}
	cancelled := ctx.Done()
	var deadline <-chan time.Time
	for {
		select {
		case <-cancelled:
			cancelled, deadline = nil, time.After(grace)
			_ = s.process.send(protocol.Request{Task: task.ID, Cancel: true})
		case <-deadline:
			s.process.kill()
			return nil, errors.Join(ctx.Err(), s.died(log))
		case event, alive := <-s.process.events:
			if !alive {
				return nil, s.died(log)
			}
			switch event.Type {
			case protocol.Progress:
				s.run.cfg.Display.Progress(task, event.Done, event.Total, event.Fields)
			case protocol.Done:
				return event.Result, nil
			case protocol.Failed:
				return nil, &TaskError{*event.Failure, log}
			}
		}
	}
}

// died gives up the worker process, so that the next task gets a new one.
func (s *slot) died(log string) error {
	err := &DiedError{How: s.process.wait(), Log: log}
	s.process = nil
	return err
}

// wire writes a task's spec as its stage reads it: with paths, the folder to
// write into and the device.
func (s *slot) wire(task *plan.Task, dir string) (json.RawMessage, error) {
	p, st := s.run.plan, s.run.cfg.Store
	resolved := task.Spec.Resolve(func(ref plan.Ref) plan.Ref { return plan.Ref(p.Path(ref, st.Dir)) })
	text, err := json.Marshal(resolved)
	if err != nil {
		return nil, err
	}
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(text, &fields); err != nil {
		return nil, err
	}
	add := map[string]string{"out": dir, "device": s.device}
	if task.Kind == plan.KindTrainLoRA {
		key, _, err := plan.Earlier(st, task)
		if err != nil {
			return nil, err
		}
		add["resume"] = ""
		if key != "" {
			add["resume"] = st.Dir(task.Kind, key)
		}
	}
	for name, value := range add {
		if fields[name], err = json.Marshal(value); err != nil {
			return nil, err
		}
	}
	return json.Marshal(fields)
}

// close ends the worker process.
func (s *slot) close() {
	if s.process != nil {
		s.process.stop()
		s.process = nil
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
