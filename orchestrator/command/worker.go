package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"kizu/orchestrator/execute"
	"kizu/orchestrator/execute/runlog"
	"kizu/orchestrator/execute/slurm"
	"kizu/orchestrator/plan"
	"kizu/orchestrator/store"
)

func newWorker(s *settings) *cobra.Command {
	w := &workerRun{settings: s}
	cmd := &cobra.Command{
		Use:   "worker FILE",
		Short: "Take tasks of an experiment from the store until none is left",
		Long: `worker runs tasks of an experiment beside other workers, on any number of machines
that share the store, and ends when no task is left. kizu run --executor slurm
submits workers; without Slurm, start one on each machine and kizu report at the
end. A task that a worker has taken no other takes, unless that worker dies.`,
		Args: oneFile("worker FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			signal.Ignore(syscall.SIGHUP, syscall.SIGPIPE)
			w.file, w.stderr = args[0], cmd.ErrOrStderr()
			return w.run(cmd.Context())
		},
	}
	s.addSet(cmd)
	cmd.Flags().StringVar(&w.of, "run", "", "the run that submitted the worker, whose failed tasks it knows")
	cmd.Flags().StringVar(&w.digest, "plan", "", "digest of the plan to work on; for any other the worker ends at once")
	cmd.Flags().DurationVar(&w.grace, "grace", slurm.UsualGrace, "time before the limit of the Slurm job at which the worker is told to stop")
	cmd.Flags().DurationVar(&w.idle, "idle", 0, "how long to stay with nothing to do while others work (default: until all is done)")
	return cmd
}

// workerRun is one invocation of `kizu worker`.
type workerRun struct {
	settings    *settings
	file        string
	of, digest  string
	grace, idle time.Duration
	stderr      io.Writer

	planned *planned
	job     *store.Job // that it is in; nil for none
}

// errTimeUp is the cause of a stop shortly before the time limit of the job.
var errTimeUp = errors.New("the time of the job is nearly up")

func (w *workerRun) run(ctx context.Context) (err error) {
	ctx, timeUp := context.WithCancelCause(ctx)
	defer timeUp(nil)
	stopAtSignal(timeUp)
	w.job = slurm.Here()
	budget := w.budget(ctx, timeUp)
	if w.planned, err = openPlanned(ctx, w.settings, w.file); err != nil {
		return err
	}
	if digest := w.planned.plan.Digest(); w.digest != "" && w.digest != digest {
		return fmt.Errorf("%s, its photos or kizu have changed since this worker was submitted, and it would compute something else: end the job with kizu cancel, and run again", w.file)
	}
	if err := w.planned.makeStore(w.settings, true); err != nil {
		return err
	}
	if budget != nil {
		estimator := &plan.DurationEstimator{Plan: w.planned.plan, Store: w.planned.store}
		budget.Estimate = estimator.Estimate
	}
	cfg := execute.Config{RunID: w.runID(), Job: w.job, Budget: budget, Others: slurm.Others(), Idle: w.idle}
	lock, err := w.planned.store.LockWorker(ctx, w.planned.plan.Experiment.Name, filepath.Base(cfg.RunID))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	return w.work(ctx, cfg)
}

// work takes tasks until none is left, or the time is up.
func (w *workerRun) work(ctx context.Context, cfg execute.Config) error {
	p, st := w.planned.plan, w.planned.store
	if err := p.Compare(st); err != nil {
		return err
	}
	toRun := p.ToRun()
	if w.digest == "" && len(toRun) > 0 { // whoever submits a worker has looked
		if err := w.planned.ready(); err != nil {
			return err
		}
	}
	if err := w.planned.fetch(ctx, w.settings, w.stderr); err != nil {
		return err
	}
	cfg.Failures = runlog.FailureLogOf(st.Logs(cfg.RunID))
	if w.of != "" {
		cfg.Failures = runlog.FailureLogOf(st.Logs(w.of))
	} else if err := w.planned.keepLogs(w.settings, cfg.RunID); err != nil {
		return err
	}
	if err := os.MkdirAll(st.Logs(cfg.RunID), 0o777); err != nil {
		return err
	}
	before := execute.ProgressMarkOf(st, toRun)
	summary, err := w.planned.execute(ctx, w.settings, cfg, w.stderr)
	switch {
	case err == nil && summary.Left > 0, err != nil && errors.Is(context.Cause(ctx), errTimeUp):
		return w.again(execute.ProgressMarkOf(st, toRun).Beyond(before))
	case err != nil:
		return err
	}
	if w.submitted() && summary.Ended() == len(toRun) {
		cancelWaiting(ctx, w.job.ID, w.stderr)
	}
	w.planned.printFailures(w.stderr, summary)
	for _, failure := range summary.Failures {
		if reported := new(runlog.ReportedError); !errors.As(failure, &reported) {
			return errCellsFailed // here, which the job is to say
		}
	}
	return nil
}

// submitted reports whether the worker's job is one that kizu run submitted, and
// not one in which somebody has started a worker by hand.
func (w *workerRun) submitted() bool { return w.job != nil && w.of != "" }

// runID names the folder of the worker's logs: within that of the run that
// submitted it, if one did.
func (w *workerRun) runID() string {
	if w.of == "" {
		return runlog.RunID(w.planned.plan.Experiment.Name, time.Now())
	}
	if w.job == nil {
		return filepath.Join(w.of, fmt.Sprintf("%s-%d", w.planned.store.Host(), os.Getpid()))
	}
	return filepath.Join(w.of, fmt.Sprintf("job-%s.%d", w.job.Name(), w.job.Restarts))
}

// again puts the worker's job back into the queue, where it gets its time anew;
// unless nothing has come further in its time, and nothing would in another.
func (w *workerRun) again(further bool) error {
	if !w.submitted() {
		return errTimeUp
	}
	if !further {
		return fmt.Errorf("the time of job %s did not suffice to finish a task or reach a checkpoint: raise slurm.time", w.job.Name())
	}
	fmt.Fprintf(w.stderr, "kizu: %v; job %s goes back into the queue\n", errTimeUp, w.job.Name())
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return slurm.Requeue(ctx, w.job.Name())
}

// budget is the time that the worker's job has; nil for no limit. When it is
// over, the worker stops.
func (w *workerRun) budget(ctx context.Context, timeUp context.CancelCauseFunc) *execute.TimeBudget {
	if w.job == nil {
		return nil
	}
	left, limited := slurm.TimeLeft(ctx, w.job.Name())
	if !limited {
		return nil
	}
	time.AfterFunc(left-w.grace, func() { timeUp(errTimeUp) })
	return &execute.TimeBudget{End: time.Now().Add(left - w.grace)}
}

// stopAtSignal listens to SIGUSR1, which Slurm sends shortly before the time
// limit, or up to a minute earlier.
func stopAtSignal(timeUp context.CancelCauseFunc) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	go func() {
		<-signals
		timeUp(errTimeUp)
	}()
}
