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
			file := r.settings.again(r.file, r.study.plan.Experiment.Changes)
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
	active, err := activeJobs(ctx, r.study.store, r.study.plan.Experiment.Name)
	if err != nil || len(active) == 0 {
		return nil, err
	}
	for _, submission := range active {
		if submission.Plan == r.study.plan.Digest() {
			r.say("job %s is at it already: %s, submitted at %s", submission.Job, english.Plural(submission.Elements, "worker", ""), submission.Time.Local().Format(time.DateTime))
			return &submission, nil
		}
	}
	return nil, fmt.Errorf("job %s, submitted before the experiment changed: %w; end it with kizu cancel, or wait", active[0].Job, store.ErrLocked)
}

// activeJobs lists the submissions of an experiment of which elements work or
// wait, the latest first.
func activeJobs(ctx context.Context, st *store.Store, experiment string) (active []slurm.Submission, err error) {
	submissions, err := submissionsOf(st, experiment)
	if err != nil {
		return nil, err
	}
	elements, err := slurm.Queue(ctx, jobIDs(submissions)...)
	if err != nil {
		return nil, err
	}
	for _, submission := range submissions {
		for _, element := range elements {
			if element.Job == submission.Job && element.Active() {
				active = append([]slurm.Submission{submission}, active...)
				break
			}
		}
	}
	return active, nil
}

func submissionsOf(st *store.Store, experiment string) ([]slurm.Submission, error) {
	runs, err := execute.Runs(st.Logs(""), experiment)
	if err != nil {
		return nil, err
	}
	return slurm.Submissions(st.Logs(""), runs)
}

func jobIDs(submissions []slurm.Submission) (ids []string) {
	for _, submission := range submissions {
		ids = append(ids, submission.Job)
	}
	return ids
}

// submit submits an array with a worker for as many tasks as can be at work at
// once, and keeps what was submitted.
func (r *runner) submit(ctx context.Context) (*slurm.Submission, error) {
	p := r.study.plan
	runID := execute.RunID(p.Experiment.Name, time.Now())
	script, elements, err := r.script(runID)
	if err != nil {
		return nil, err
	}
	if err := r.study.keepLogs(r.settings, runID); err != nil {
		return nil, err
	}
	logs := r.study.store.Logs(runID)
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
	work := slurm.Work{Name: r.study.plan.Experiment.Name, Logs: r.study.store.Logs(runID)}
	work.Elements = min(settings.Workers, r.study.plan.Width())
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
	for _, change := range r.study.plan.Experiment.Changes {
		words = append(words, "--set", change)
	}
	words = append(words, "--run", runID, "--plan", r.study.plan.Digest(),
		"--grace", settings.Grace.String(), "--idle", s.duration(setIdle).String())
	words = append(words, worker.Args[1:]...) // --home and --python
	return append(words, "--"+setStore, r.study.store.Root(), "--"+setLocks, locks, "--"+setDevices, s.text(setDevices),
		"--"+setStall, s.text(setStall), "--"+setCheckpoint, s.text(setCheckpoint),
		"--"+setTogether, s.text(setTogether), fmt.Sprintf("--%s=%t", setReproducible, s.on(setReproducible))), nil
}

// printScript prints what would be submitted.
func (r *runner) printScript() error {
	toRun := r.study.plan.ToRun()
	if len(toRun) == 0 {
		_, err := fmt.Fprintln(r.stderr, allReused(len(r.study.plan.Tasks))+": nothing would be submitted")
		return err
	}
	script, _, err := r.script(execute.RunID(r.study.plan.Experiment.Name, time.Now()))
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
