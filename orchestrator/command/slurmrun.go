package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/execute"
	"kizu/orchestrator/execute/runlog"
	"kizu/orchestrator/execute/slurm"
	"kizu/orchestrator/store"
)

// errDetached ends a run whose jobs go on without it.
var errDetached = errors.New("the jobs go on")

func (r *runner) onSlurm() bool { return r.settings.text(setExecutor) == executorSlurm }

// runOnSlurm has the workers of a job array run the tasks, and follows them.
func (r *runner) runOnSlurm(ctx context.Context) (*execute.Summary, error) {
	submission, err := r.underWay(ctx)
	if err == nil && submission == nil {
		submission, err = r.submit(ctx)
	}
	if err != nil {
		return nil, err
	}
	if r.detach {
		if !r.settings.on(setQuiet) {
			file := r.settings.again(r.file, r.planned.plan.Experiment.Changes)
			fmt.Fprintf(r.stdout, "kizu status %s shows how far it is, kizu report %s what there is, kizu cancel %s ends it\n", file, file, file)
		}
		return nil, errDetached
	}
	return r.follow(ctx, submission)
}

// underWay finds the jobs of an earlier submission of this plan that still work
// or wait; nil if there are none. After the first round there are none that
// matter: they know nothing of what is to be made again.
func (r *runner) underWay(ctx context.Context) (*slurm.Submission, error) {
	if r.round > 1 {
		return nil, nil
	}
	active, err := activeJobs(ctx, r.planned.store, r.planned.plan.Experiment.Name)
	if err != nil || len(active) == 0 {
		return nil, err
	}
	for _, submission := range active {
		if submission.Plan == r.planned.plan.Digest() {
			r.say("job %s is at it already: %s, submitted at %s", submission.Job, english.Plural(submission.Elements, "worker", ""), submission.Time.Local().Format(time.DateTime))
			return &submission, nil
		}
	}
	return nil, fmt.Errorf("job %s, submitted before the experiment changed: %w; end it with kizu cancel, or wait", active[0].Job, store.ErrLocked)
}

// activeJobs lists the submissions of an experiment of which elements work or
// wait, the latest first.
func activeJobs(ctx context.Context, st *store.Store, experiment string) ([]slurm.Submission, error) {
	runs, err := runlog.Runs(st.Logs(""), experiment)
	if err != nil {
		return nil, err
	}
	submissions, err := slurm.Submissions(st.Logs(""), runs)
	if err != nil {
		return nil, err
	}
	return slurm.ActiveAmong(ctx, submissions)
}

// submit submits an array with a worker for as many tasks as can be at work at
// once, and keeps what was submitted.
func (r *runner) submit(ctx context.Context) (*slurm.Submission, error) {
	p := r.planned.plan
	runID := runlog.RunID(p.Experiment.Name, time.Now())
	script, elements, err := r.script(runID)
	if err != nil {
		return nil, err
	}
	if err := r.planned.keepLogs(r.settings, runID); err != nil {
		return nil, err
	}
	logs := r.planned.store.Logs(runID)
	path, err := slurm.WriteScript(logs, script)
	if err != nil {
		return nil, err
	}
	submission := &slurm.Submission{Elements: elements, Plan: p.Digest(), Time: time.Now().UTC(), Run: runID}
	if submission.Job, err = slurm.Submit(ctx, path); err != nil {
		return nil, errors.Join(err, os.RemoveAll(logs))
	}
	r.say("job %s is submitted: %s for %s", submission.Job, english.Plural(elements, "worker", ""), english.Plural(len(p.ToRun()), "task", ""))
	return submission, submission.Keep(logs)
}

// script is the batch script of a run, and the number of its elements.
func (r *runner) script(runID string) (text string, elements int, err error) {
	settings := r.settings.slurm()
	work := slurm.Work{Name: r.planned.plan.Experiment.Name, Logs: r.planned.store.Logs(runID)}
	work.Elements = min(settings.Workers, r.planned.plan.Width())
	if work.Dir, err = os.Getwd(); err == nil {
		work.Command, err = r.workerArguments(runID, settings)
	}
	return slurm.Script(settings, work), work.Elements, err
}

// workerArguments is the command of a worker. It names every setting that
// matters, so that nothing depends on what a node's environment says.
func (r *runner) workerArguments(runID string, settings slurm.Settings) ([]string, error) {
	s := r.settings
	worker, err := workerCommand(r.settings)
	if err != nil {
		return nil, err
	}
	file, err := filepath.Abs(r.file)
	if err != nil {
		return nil, err
	}
	locks := s.text(setLocks)
	if locks == store.LockAuto {
		locks = store.LockLease
	}
	words := []string{worker.Path, "worker", file}
	for _, change := range r.planned.plan.Experiment.Changes {
		words = append(words, "--set", change)
	}
	words = append(words, "--run", runID, "--plan", r.planned.plan.Digest(),
		"--grace", settings.Grace.String(), "--idle", s.duration(setIdle).String())
	words = append(words, worker.Args[1:]...) // --home and --python
	for _, known := range settingTable {
		if strings.HasPrefix(known.name, "cuda.") {
			words = append(words, fmt.Sprintf("--%s=%s", known.flag(), s.text(known.name)))
		}
	}
	return append(words, "--"+setStore, r.planned.store.Root(), "--"+setLocks, locks, "--"+setDevices, s.text(setDevices),
		"--"+setStall, s.text(setStall), "--"+setCheckpoint, s.text(setCheckpoint),
		"--"+setTogether, s.text(setTogether), fmt.Sprintf("--%s=%t", setReproducible, s.on(setReproducible))), nil
}

// printScript prints what would be submitted.
func (r *runner) printScript() error {
	toRun := r.planned.plan.ToRun()
	if len(toRun) == 0 {
		_, err := fmt.Fprintln(r.stderr, allReused(len(r.planned.plan.Tasks))+": nothing would be submitted")
		return err
	}
	script, _, err := r.script(runlog.RunID(r.planned.plan.Experiment.Name, time.Now()))
	if err == nil {
		_, err = fmt.Fprint(r.stdout, script)
	}
	return err
}

// say prints a line about the jobs, unless all is to be quiet.
func (r *runner) say(format string, values ...any) {
	if !r.settings.on(setQuiet) {
		fmt.Fprintln(r.stdout, strings.TrimSpace(fmt.Sprintf(format, values...)))
	}
}
