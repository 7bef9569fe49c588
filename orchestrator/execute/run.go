// Package execute runs the tasks of a plan: it starts one worker process a device, hands out what
// package schedule decides, and commits each artifact when its stage is done. The host never loads
// Python, so a crash there costs one task at most.
package execute

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"kizu/orchestrator/execute/progress"
	"kizu/orchestrator/execute/runlog"
	"kizu/orchestrator/filehash"
	"kizu/orchestrator/model"
	"kizu/orchestrator/plan"
	"kizu/orchestrator/schedule"
	"kizu/orchestrator/store"
)

// Config is what a run needs besides its plan.
type Config struct {
	Store   *store.Store
	Devices []string // each gets one worker process
	Worker  Command
	RunID   string // names the folder of the logs
	Version string // the revision of kizu, for manifests
	Display progress.Display

	// Reproducible has batches follow from the task alone, whatever the memory
	// that is free. Worker's environment holds the libraries to one code path.
	Reproducible bool

	// Stall is the time after which a worker that says nothing is killed.
	Stall time.Duration
	// Checkpoint is the time between two checkpoints of a training.
	Checkpoint time.Duration
	// Together is the most tasks that one device computes at the same time; 0 is 1.
	Together int
	// Hashes tell whether the files that were planned on are unchanged.
	Hashes *filehash.Hashes

	// The rest is for a worker, which shares its plan with others. A run of its own
	// leaves it at the zero values.

	// Job is the job of the workload manager that the worker runs in.
	Job *store.Job
	// Failures is the log in which all workers say what has failed.
	Failures *runlog.FailureLog
	// Others is the number of other workers, as far as that is known.
	Others int
	// Budget is the time that the worker has; nil if that is as much as it needs.
	Budget *TimeBudget
	// Idle is the time with nothing to do after which the worker ends; 0 is never.
	Idle time.Duration
}

// UsualStall is the time after which a worker that says nothing is killed, where nobody
// says otherwise.
const UsualStall = time.Hour

// Summary is how a run ended.
type Summary struct {
	Done     int              // tasks that this run computed
	Found    int              // tasks that another process made meanwhile
	Left     int              // tasks that were left to other processes, since the time did not suffice
	Failures map[string]error // the reason of each failed task, by its id
	Blocked  map[string]error // the reason of each task that needs a failed one, by its id
}

// Ended counts the tasks that are done or will not be.
func (s *Summary) Ended() int { return s.Done + s.Found + len(s.Failures) + len(s.Blocked) }

// Reasons gives every failed or blocked task's reason, by id.
func (s *Summary) Reasons() map[string]string {
	reasons := map[string]string{}
	for id, err := range s.Failures {
		reasons[id] = err.Error()
	}
	for id, err := range s.Blocked {
		reasons[id] = err.Error()
	}
	return reasons
}

// ErrInterrupted is a run that was asked to stop. What it had finished is kept.
var ErrInterrupted = errors.New("interrupted; what was finished is kept, and the same command goes on from there")

// Run runs every task of the plan that the store does not have. A task that fails stops what needs
// it and nothing else; the error is about the run as a whole: its settings, or an interruption.
func Run(ctx context.Context, p *plan.Plan, cfg Config) (*Summary, error) {
	tasks := p.ToRun()
	summary := &Summary{Failures: map[string]error{}, Blocked: map[string]error{}}
	cfg.Display.Start(len(tasks), len(p.Tasks)-len(tasks))
	defer cfg.Display.Close()
	_, err := cfg.Store.Sweep()
	if len(tasks) == 0 { // also in a store that cannot be written
		return summary, nil
	}
	if err != nil {
		return summary, err
	}
	if err := os.MkdirAll(cfg.Store.Logs(cfg.RunID), 0o777); err != nil {
		return summary, diskFull(err)
	}
	if cfg.Stall <= 0 {
		cfg.Stall = UsualStall
	}
	todo, err := schedule.New(scheduled(tasks))
	if err != nil {
		return summary, err
	}
	r := &run{
		cfg: cfg, plan: p, todo: todo, summary: summary, tasks: map[string]*plan.Task{}, checked: checked{keys: map[string]bool{}}, trainings: plan.TrainingsOf(cfg.Store),
		baseFiles: sync.OnceValues(func() (model.Files, error) {
			files, _, err := p.Base.Files()
			return files, err
		}),
	}
	for _, task := range tasks {
		r.tasks[task.ID] = task
	}
	err = r.loop(ctx)
	summary.Left = todo.Left()
	return summary, err
}

// scheduled describes tasks to the scheduler. What the store has needs no waiting for.
func scheduled(tasks []*plan.Task) []schedule.Task {
	list := make([]schedule.Task, len(tasks))
	for i, task := range tasks {
		list[i] = schedule.Task{ID: task.ID, Loads: task.Spec.Keeps(), Cost: task.Spec.Effort(), With: task.Spec.GroupKey()}
		for _, need := range task.Needs {
			if !need.Reuse {
				list[i].Needs = append(list[i].Needs, need.ID)
			}
		}
	}
	return list
}

type run struct {
	cfg     Config
	plan    *plan.Plan
	todo    *schedule.Schedule
	summary *Summary
	tasks   map[string]*plan.Task
	checked checked

	trainings *plan.Trainings
	baseFiles func() (model.Files, error) // of the base model, read once
}

// took is what a task that was just committed has cost, attempts that were cut short included.
func took(st *store.Store, task *plan.Task) time.Duration {
	m, err := st.Manifest(task.Kind, task.Key)
	if err != nil {
		return 0 // somebody has removed it; nothing hangs on a figure
	}
	return m.Took()
}

// outcome is how a task ended on a device; without a task, that its device is idle.
type outcome struct {
	worker *deviceWorker
	task   *plan.Task
	end    end
	err    error
}

// loop hands tasks to idle devices until nothing more can start. All decisions
// are taken here, one after another; workers only do what they are told.
func (r *run) loop(ctx context.Context) error {
	workers := map[string]*deviceWorker{}
	var idle []string
	for _, device := range r.cfg.Devices {
		workers[device] = &deviceWorker{device: device, run: r}
		idle = append(idle, device)
	}
	defer func() {
		for _, s := range workers {
			if ctx.Err() != nil {
				s.kill() // nothing is at stake in an idle worker
			}
			s.close()
		}
	}()
	outcomes := make(chan outcome)
	look, busy := newPoll(), 0
	var fatal error
	for {
		if fatal == nil && ctx.Err() == nil {
			for _, a := range r.todo.Next(idle, r.cfg.Together, r.cfg.Others) {
				idle = slices.DeleteFunc(slices.Clone(idle), func(device string) bool { return device == a.Device })
				busy++
				go workers[a.Device].do(ctx, r.named(a.Tasks), outcomes)
			}
		}
		if busy == 0 && (fatal != nil || ctx.Err() != nil || r.todo.Finished() || look.idleFor(r.cfg.Idle)) {
			break
		}
		select {
		case ended := <-outcomes:
			if ended.task == nil {
				busy--
				idle = append(idle, ended.worker.device)
				continue
			}
			look.ended(ended.end)
			if err := r.settle(ctx, ended); fatal == nil {
				fatal = err
			}
		case <-look.next(len(idle) > 0):
			look.looked()
			r.todo.Again()
		case <-whenIdle(ctx, busy):
		}
	}
	if ctx.Err() != nil {
		return ErrInterrupted
	}
	return fatal
}

// whenIdle is the end of ctx, for a run that only waits for other processes.
func whenIdle(ctx context.Context, busy int) <-chan struct{} {
	if busy > 0 {
		return nil // the workers see it, and say when they have stopped
	}
	return ctx.Done()
}

// named finds tasks by their ids.
func (r *run) named(ids []string) []*plan.Task {
	tasks := make([]*plan.Task, len(ids))
	for i, id := range ids {
		tasks[i] = r.tasks[id]
	}
	return tasks
}

// settle records how a task ended. The error is one that ends the run.
func (r *run) settle(ctx context.Context, ended outcome) error {
	task, err := ended.task, ended.err
	switch {
	case err != nil:
	case ended.end == elsewhere:
		r.todo.Elsewhere(task.ID)
		r.cfg.Display.TaskElsewhere(task)
		return nil
	case ended.end == passedOn:
		r.todo.Leave(task.ID)
		return nil
	case ended.end == found:
		r.todo.Done(task.ID)
		r.summary.Found++
		r.cfg.Display.TaskFound(task)
		return nil
	default:
		r.todo.Done(task.ID)
		r.summary.Done++
		r.cfg.Display.TaskDone(task, took(r.cfg.Store, task))
		return nil
	}
	if ctx.Err() != nil {
		return nil // cancelled, not failed
	}
	var start *StartError
	if errors.As(err, &start) {
		return err
	}
	r.summary.Failures[task.ID] = err
	r.cfg.Display.TaskFailed(task, err)
	for _, id := range r.todo.Failed(task.ID) {
		r.summary.Blocked[id] = fmt.Errorf("needs %s, which failed", task.Label)
	}
	return nil
}
