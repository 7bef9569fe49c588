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
	"kizu/orchestrator/stage"
	"kizu/orchestrator/store"
)

// try runs a task once and commits its artifact.
func (w *deviceWorker) try(ctx context.Context, task *plan.Task, claim *store.Lock, number, pieces int) error {
	t, err := w.begin(ctx, task, claim, number, pieces)
	if err != nil {
		return err
	}
	t.charge(newSpent(t.manifest.Started))
	request := protocol.Request{Task: task.ID, Call: task.Kind + ".run", Spec: t.spec, Log: t.log}
	var done protocol.Event
	err = w.ask(ctx, request, func(event protocol.Event) {
		if event.Type == protocol.Progress {
			w.progressed(t, event)
		}
		done = event
	})
	return w.finish(t, done, err)
}

// attempt is one try at a task: what was made ready for it.
type attempt struct {
	task     *plan.Task
	claim    *store.Lock
	staging  *store.Staging
	manifest *store.Manifest
	spec     json.RawMessage // spec is what the Python stage reads.
	log      string          // log is the file that takes the stage's output.

	spent  *spent        // spent divides the device's time among the tasks that it computes at once.
	steps  int           // steps is the number of the latest checkpoint whose cost is known; 0 for none.
	cost   time.Duration // cost is what the device had spent on the task up to that checkpoint.
	looked time.Time     // looked is when a later checkpoint was last looked for.
}

// checkpointLook is how often a new checkpoint is looked for, at most: stages
// say several times a second how far they are.
const checkpointLook = time.Second

// charge has the attempt's time counted, beside that of others in its group. Of a
// task that goes on from a checkpoint or a shorter training, that is done.
func (a *attempt) charge(to *spent) {
	done := 0.0
	if spec, ok := a.task.Spec.(stage.Stepped); ok {
		done = max(1-a.manifest.Effort/spec.Effort(), float64(a.steps)/float64(spec.StepCount()))
	}
	a.spent = to
	to.add(a.task, done, a.cost)
}

// progressed takes what a stage says of how far it is.
func (w *deviceWorker) progressed(t *attempt, event protocol.Event) {
	t.spent.heard(t.task.ID, event.Done, event.Total)
	if now := time.Now(); now.Sub(t.looked) >= min(checkpointLook, w.run.cfg.Checkpoint) {
		t.looked = now
		w.noteCheckpoint(t)
	}
	w.run.cfg.Display.Progress(t.task, event.Done, event.Total, event.Fields)
}

// noteCheckpoint keeps what a checkpoint has cost that was written since the
// last look, for the attempt that goes on from it.
func (w *deviceWorker) noteCheckpoint(t *attempt) {
	if _, ok := t.task.Spec.(stage.Stepped); !ok {
		return
	}
	steps := w.run.cfg.Store.CheckpointSteps(t.task.Key)
	if steps <= t.steps || !t.claim.Held() { // one that was lost has another's checkpoints
		return
	}
	t.steps = steps
	t.spent.settle(time.Now())
	w.run.cfg.Store.NoteCheckpoint(t.task.Key, steps, t.spent.on(t.task.ID))
}

// begin makes everything ready for a task: its inputs are sound, a worker runs,
// there is a folder to write into.
func (w *deviceWorker) begin(ctx context.Context, task *plan.Task, claim *store.Lock, number, pieces int) (*attempt, error) {
	st := w.run.cfg.Store
	for _, need := range task.Needs {
		if err := w.run.verifyOnce(need.Kind, need.Key); err != nil {
			return nil, fmt.Errorf("%s is needed: %w", need.Label, err)
		}
	}
	if err := w.ready(ctx); err != nil {
		return nil, err
	}
	staging, err := st.Begin(task.Kind, task.Key)
	if err != nil {
		return nil, diskFull(err)
	}
	t := &attempt{task: task, claim: claim, staging: staging}
	t.log = filepath.Join(st.Logs(w.run.cfg.RunID), fileName(task.ID)+".log")
	t.manifest = &store.Manifest{
		Kind: task.Kind, Key: task.Key, Label: task.Label, Identity: task.Identity(),
		Device: w.device, DeviceName: w.name, Versions: w.versions, Environment: w.computes, Started: time.Now().UTC(),
		Host: st.Host(), Job: w.run.cfg.Job, Run: w.run.cfg.RunID, Attempt: number, Pieces: pieces,
	}
	for _, need := range task.Needs {
		t.manifest.Inputs = append(t.manifest.Inputs, store.Input{Kind: need.Kind, Key: need.Key})
	}
	t.spec, t.manifest.Effort, err = w.stageInput(task, staging.Dir(), pieces)
	if err != nil {
		return nil, errors.Join(err, staging.Discard())
	}
	t.steps, t.cost = st.CheckpointSteps(task.Key), st.CheckpointCost(task.Key)
	return t, nil
}

// finish commits what a task has written, or discards it if err says that it
// failed, or if it is no longer what the key stands for.
func (w *deviceWorker) finish(t *attempt, event protocol.Event, err error) error {
	if err == nil {
		// What a key stands for must be what the stage has read.
		err = w.run.plan.Changed(t.task, w.run.cfg.Hashes)
	}
	if err != nil {
		w.noteCheckpoint(t)
	}
	if !t.claim.Held() { // then the task's checkpoints are another's too, and an error says nothing
		err = errTakenOver
	}
	if err != nil {
		return errors.Join(err, t.staging.Discard())
	}
	now := time.Now().UTC()
	t.spent.heard(t.task.ID, 1, 1)
	t.spent.settle(now)
	t.manifest.Result, t.manifest.Finished, t.manifest.Seconds = event.Result, now, t.spent.on(t.task.ID).Seconds()
	if event.Memory != nil {
		t.manifest.PeakMemory = store.Memory(*event.Memory)
	}
	if err := diskFull(t.staging.Commit(t.manifest)); err != nil {
		return err
	}
	return w.run.cfg.Store.DropCheckpoints(t.task.Key)
}
