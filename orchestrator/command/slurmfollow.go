package command

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/dustin/go-humanize/english"
	"github.com/spf13/cobra"

	"kizu/orchestrator/execute"
	"kizu/orchestrator/execute/progress"
	"kizu/orchestrator/execute/runlog"
	"kizu/orchestrator/execute/slurm"
)

// watchEvery is the time between two looks at what the workers have done.
const watchEvery = 2 * time.Second

// follow shows what the workers of a submission do until all tasks have ended or no job is left.
func (r *runner) follow(ctx context.Context, submission *slurm.Submission) (*execute.Summary, error) {
	logs := r.planned.store.Logs(submission.Run)
	p := r.planned.plan
	pace := progress.NewPace(p.ToRun(), p.Expected(r.planned.store, nil), 1)
	log, ended, err := openLog(logs, pace)
	if err != nil {
		return nil, err
	}
	display := progress.Displays{pace, r.settings.display(r.stderr, pace), log}
	jobs := &slurm.Watch{Job: submission.Job, Logs: logs, Say: display.Log}
	summary, err := execute.Follow(ctx, p, execute.Following{
		Store: r.planned.store, RunID: submission.Run, Display: display, Every: watchEvery, Working: jobs.Working,
	})
	ended(summary, err)
	if err == nil && summary.Left == 0 {
		cancelWaiting(ctx, submission.Job, r.stderr)
	}
	if ctx.Err() != nil {
		fmt.Fprintf(r.stderr, "kizu: job %s goes on; kizu cancel %s ends it\n", submission.Job, r.settings.again(r.file, r.planned.plan.Experiment.Changes))
	}
	return summary, err
}

// cancelWaiting takes elements out of the queue that would find nothing to do.
func cancelWaiting(ctx context.Context, job string, stderr io.Writer) {
	if err := slurm.CancelWaiting(ctx, job); err != nil {
		fmt.Fprintf(stderr, "kizu: job %s may still have elements in the queue, which will end at once: %v\n", job, err)
	}
}

// submission is the latest run, if that was submitted to Slurm; or else nil.
func (p *planned) submission() (*slurm.Submission, error) {
	runs, err := runlog.Runs(p.store.Logs(""), p.plan.Experiment.Name)
	if err != nil || len(runs) == 0 {
		return nil, err
	}
	submissions, err := slurm.Submissions(p.store.Logs(""), runs[len(runs)-1:])
	if err != nil || len(submissions) == 0 {
		return nil, err
	}
	return &submissions[0], nil
}

// jobs looks the jobs of the latest run up; nil if it has none.
func (p *planned) jobs(ctx context.Context) (*slurm.Status, error) {
	latest, err := p.submission()
	if err != nil || latest == nil {
		return nil, err
	}
	return slurm.StatusOf(ctx, *latest, p.store.Logs(latest.Run))
}

// printJobs says what the jobs of the latest run do, while tasks are missing.
func (p *planned) printJobs(ctx context.Context, out io.Writer) error {
	if len(p.plan.ToRun()) == 0 {
		return nil
	}
	jobs, err := p.jobs(ctx)
	if err != nil || jobs == nil {
		return err
	}
	_, err = fmt.Fprint(out, "\n"+jobs.Text())
	return err
}

func newCancel(s *settings) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cancel FILE",
		Short: "End the experiment's jobs in Slurm's queue; what they have finished is kept",
		Args:  oneFile("cancel FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return cancelJobs(cmd.Context(), s, args[0], cmd.OutOrStdout())
		},
	}
	s.addSet(cmd)
	return cmd
}

// cancelJobs needs the experiment's name only: its photos may be gone.
func cancelJobs(ctx context.Context, s *settings, file string, out io.Writer) error {
	exp, _, err := s.experiment(file)
	if err != nil {
		return err
	}
	st, err := s.existingStore()
	if err != nil {
		return err
	}
	active, err := activeJobs(ctx, st, exp.Name)
	if err != nil {
		return err
	}
	if len(active) == 0 {
		_, err := fmt.Fprintf(out, "no job of %s is in the queue\n", exp.Name)
		return err
	}
	if err := slurm.Cancel(ctx, slurm.JobsOf(active)...); err != nil {
		return err
	}
	for _, submission := range active {
		fmt.Fprintf(out, "job %s is cancelled: %s\n", submission.Job, english.Plural(submission.Elements, "worker", ""))
	}
	return nil
}
