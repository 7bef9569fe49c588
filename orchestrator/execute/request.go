package execute

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"kizu/orchestrator/execute/protocol"
	"kizu/orchestrator/plan"
	"kizu/orchestrator/stage"
	"kizu/orchestrator/store"
)

// ask has the worker do what is requested, and passes on what it says of
// it, until it is done or has failed.
func (w *deviceWorker) ask(ctx context.Context, request protocol.Request, hear func(protocol.Event)) error {
	log := request.Log
	if err := w.process.send(request); err != nil {
		return w.died(log)
	}
	limit := w.run.cfg.Stall
	stalled := time.NewTimer(limit)
	defer stalled.Stop()
	cancelled := ctx.Done()
	var deadline <-chan time.Time
	for {
		select {
		case <-cancelled:
			cancelled, deadline = nil, time.After(grace)
			_ = w.process.send(protocol.Request{Task: request.Task, Cancel: true})
		case <-deadline:
			w.process.kill()
			return errors.Join(ctx.Err(), w.died(log))
		case <-stalled.C:
			w.process.kill()
			_ = w.died(log)
			return &StallError{After: limit, Log: log}
		case event, alive := <-w.process.events:
			if !alive {
				return w.died(log)
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

// stageInput writes a task's spec as its stage reads it: with paths, the files of the base model
// that are used, the folder to write into, the device and, in a training, what to continue. It also
// returns how much of the task's effort is left to do.
func (w *deviceWorker) stageInput(task *plan.Task, dir string, pieces int) (json.RawMessage, float64, error) {
	p, st := w.run.plan, w.run.cfg.Store
	effort := task.Spec.Effort()
	resolved := task.Spec.Resolve(func(ref stage.Ref) stage.Ref { return stage.Ref(p.Path(ref, st.Dir)) })
	text, err := json.Marshal(resolved)
	if err != nil {
		return nil, 0, err
	}
	fields := map[string]any{}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		return nil, 0, err
	}
	for name, value := range raw {
		fields[name] = value
	}
	fields["out"], fields["device"] = dir, w.device
	if p.OpensBase(task) {
		if fields["base_files"], err = w.run.baseFiles(); err != nil {
			return nil, 0, err
		}
	}
	if _, ok := task.Spec.(stage.Stepped); ok {
		fields["checkpoint"] = st.Checkpoints(task.Key)
		fields["checkpoint_seconds"] = w.run.cfg.Checkpoint.Seconds()
	}
	if _, ok := task.Spec.(stage.Chained); ok {
		key, done, err := w.run.earlier(task)
		if err != nil {
			return nil, 0, err
		}
		fields["resume"] = ""
		if key != "" {
			fields["resume"] = st.Dir(task.Kind, key)
		}
		fields["reproducible"] = w.run.cfg.Reproducible
		effort *= 1 - done
	}
	if pieces > 0 {
		maps.Copy(fields, task.Spec.InPieces(pieces))
	}
	text, err = json.Marshal(fields)
	return text, effort, err
}

// earlier finds the training that a task continues: the longest sound one.
func (r *run) earlier(task *plan.Task) (key string, done float64, err error) {
	for {
		key, done, err = r.trainings.Earlier(task)
		if key == "" || err != nil {
			return key, done, err
		}
		err = r.verifyOnce(task.Kind, key)
		if damage := new(store.DamagedError); !errors.As(err, &damage) {
			return key, done, err
		}
	}
}

// checked is the set of artifacts that were hashed in a run.
type checked struct {
	mu   sync.Mutex
	keys map[string]bool
}

// verifyOnce makes sure that an artifact is what was committed, once in a run. A
// damaged one is set aside, so that the next plan makes it again.
func (r *run) verifyOnce(kind, key string) error {
	r.checked.mu.Lock()
	defer r.checked.mu.Unlock()
	if r.checked.keys[key] {
		return nil
	}
	err := r.cfg.Store.Verify(kind, key)
	var damage *store.DamagedError
	if errors.As(err, &damage) {
		_, moving := r.cfg.Store.SetAside(kind, key)
		return errors.Join(err, moving)
	}
	if err == nil {
		r.checked.keys[key] = true
	}
	return err
}
