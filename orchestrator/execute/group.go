package execute

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"kizu/orchestrator/execute/progress"
	"kizu/orchestrator/execute/protocol"
	"kizu/orchestrator/plan"
	"kizu/orchestrator/stage"
	"kizu/orchestrator/store"
)

// group is tasks of one kind that a worker computes together. Each ends on its
// own and is committed then, under its own key.
type group struct {
	worker   *deviceWorker
	outcomes chan<- outcome
	started  time.Time           // started is when the first member was claimed, by this host's clock.
	claims   []*store.Lock       // claims has one of every member, in their order.
	members  []*attempt          // members are in the order that the worker knows them by.
	open     map[string]*attempt // open has the members that are neither done nor failed, by task id.
}

// together computes tasks together, as far as other processes leave them to it,
// and returns those that are to be computed one by one after all: the worker has
// died or run out of memory, or one member spoils it for the others. A group
// saves time and nothing depends on it, so it is not tried twice.
func (w *deviceWorker) together(ctx context.Context, tasks []*plan.Task, outcomes chan<- outcome) (rest []*plan.Task) {
	g := &group{worker: w, outcomes: outcomes, started: time.Now(), open: map[string]*attempt{}}
	defer func() {
		for _, claim := range g.claims {
			_ = claim.Release()
		}
	}()
	for _, task := range tasks {
		if !g.take(ctx, task) {
			rest = append(rest, task)
		}
	}
	if len(g.members) == 0 {
		return rest
	}
	if err := g.run(ctx); err != nil && ctx.Err() == nil {
		w.run.cfg.Display.FellApart(progress.Apart{Members: g.tasks(), Cause: causeOf(err), Err: err})
		if remedyFor(err) != none {
			w.close()
		}
	}
	for _, member := range g.members {
		if g.open[member.task.ID] != nil {
			g.worker.noteCheckpoint(member)
			_ = member.staging.Discard()
			rest = append(rest, member.task)
		}
	}
	return rest
}

// tasks are the members'.
func (g *group) tasks() []*plan.Task {
	tasks := make([]*plan.Task, len(g.members))
	for i, member := range g.members {
		tasks[i] = member.task
	}
	return tasks
}

// take makes a task a member, unless there is anything unusual about it.
func (g *group) take(ctx context.Context, task *plan.Task) bool {
	cfg := &g.worker.run.cfg
	if ctx.Err() != nil || cfg.Store.Has(task.Kind, task.Key) || !cfg.Budget.fits(task, g.started) || cfg.Failures.Failure(task) != nil {
		return false
	}
	claim, err := cfg.Store.Claim(task.Kind, task.Key)
	if err != nil {
		return false
	}
	member, err := g.worker.begin(ctx, task, claim, 1, 0)
	if err != nil || cfg.Store.Has(task.Kind, task.Key) {
		if err == nil {
			err = member.staging.Discard()
		}
		_ = errors.Join(err, claim.Release()) // whatever it is, the task alone will say
		return false
	}
	g.claims = append(g.claims, claim)
	g.members = append(g.members, member)
	g.open[task.ID] = member
	return true
}

// run has the worker compute the members.
func (g *group) run(ctx context.Context) error {
	first := g.members[0]
	if log, err := os.OpenFile(first.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666); err != nil {
		return err
	} else if err := log.Close(); err != nil {
		return err
	}
	request := protocol.Request{Task: "group of " + first.task.ID, Call: first.task.Kind + ".run_together", Log: first.log}
	specs := make([]json.RawMessage, len(g.members))
	times := newSpent(time.Now())
	for i, member := range g.members {
		member.manifest.Together = len(g.members)
		member.charge(times)
		specs[i] = member.spec
		request.Members = append(request.Members, member.task.ID)
		if member != first {
			// One process writes one log; each task has it under its own name.
			_ = os.Link(first.log, member.log)
		}
		g.worker.run.cfg.Budget.use()
	}
	g.worker.run.cfg.Display.TaskStarted(g.tasks(), g.worker.device)
	var err error
	if request.Spec, err = json.Marshal(specs); err != nil {
		return err
	}
	return g.worker.ask(ctx, request, g.hear)
}

// hear takes what the worker says of a member.
func (g *group) hear(event protocol.Event) {
	member := g.open[event.Task]
	if member == nil {
		return // of the group
	}
	switch event.Type {
	case protocol.Progress:
		g.worker.progressed(member, event)
	case protocol.Done:
		g.end(member, g.worker.finish(member, event, nil))
	case protocol.Failed:
		g.end(member, g.worker.finish(member, event, failure(event, member.log)))
	}
}

// end says how a member ended, in the failure log as well if it failed: a task that
// another process has taken over did not.
func (g *group) end(member *attempt, err error) {
	delete(g.open, member.task.ID)
	o := outcome{worker: g.worker, task: member.task, end: computed, err: err}
	switch {
	case errors.Is(err, errTakenOver):
		o.end, o.err = elsewhere, nil
	case err != nil:
		cfg := &g.worker.run.cfg
		o.end, o.err = notDone, errors.Join(err, cfg.Failures.Fail(member.task, cfg.Job, err))
	}
	g.outcomes <- o
}

// more doubles the number of pieces in which a task computes each of its batches,
// pieces or at first its own; 0 says that there are no smaller ones.
func more(spec stage.Spec, pieces int) int {
	images, own := spec.Batch()
	if pieces = max(1, own, pieces); pieces >= images {
		return 0
	}
	return min(2*pieces, images)
}

// less is what can be changed where memory does not suffice for a task that has
// a worker for itself and computes one image at a time, or cannot be divided.
func less(spec stage.Spec) string {
	return fmt.Sprintf("memory does not suffice, though nothing else was loaded: use %s, or a device with more memory", spec.Smaller())
}
