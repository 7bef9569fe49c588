package command

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"kizu/orchestrator/execute"
	"kizu/orchestrator/execute/slurm"
)

// Times of watching jobs.
const (
	watchEvery = 2 * time.Second
	askEvery   = 10 * time.Second // the queue, which everybody shares
	deaf       = 10 * time.Minute // that the queue may not answer
)

// follow shows what the workers of a submission do until all tasks have ended or
// no job is left.
func (r *runner) follow(ctx context.Context, submission *slurm.Submission) (*execute.Summary, error) {
	logs := r.study.store.Logs(submission.Run)
	log, ended, err := openLog(logs)
	if err != nil {
		return nil, err
	}
	display := execute.Displays{r.settings.display(r.stderr), log}
	jobs := &jobWatch{job: submission.Job, logs: logs, say: display.Log, every: askEvery, told: map[string]bool{}}
	summary, err := execute.Follow(ctx, r.study.plan, execute.Following{
		Store: r.study.store, RunID: submission.Run, Display: display, Every: watchEvery, Working: jobs.working,
	})
	ended(summary, err)
	if err == nil && summary.Left == 0 {
		cancelWaiting(ctx, submission.Job, r.stderr)
	}
	if ctx.Err() != nil {
		fmt.Fprintf(r.stderr, "kizu: job %s goes on; kizu cancel %s ends it\n", submission.Job, r.settings.again(r.file, r.study.plan.Experiment.Changes))
	}
	return summary, err
}

// cancelWaiting takes elements out of the queue that would find nothing to do.
func cancelWaiting(ctx context.Context, job string, stderr io.Writer) {
	if err := slurm.CancelWaiting(ctx, job); err != nil {
		fmt.Fprintf(stderr, "kizu: job %s may still have elements in the queue, which will end at once: %v\n", job, err)
	}
}

// jobWatch asks the queue about a job and says what has changed.
type jobWatch struct {
	job, logs string
	say       func(string)
	every     time.Duration

	asked, answered time.Time
	latest          []slurm.Element
	line            string
	told            map[string]bool // of which failed elements
}

// working reports whether any element works or waits. The queue may be silent
// for a while: its controller is restarted now and then.
func (w *jobWatch) working(ctx context.Context) (bool, error) {
	now := time.Now()
	if now.Sub(w.asked) < w.every {
		return true, nil
	}
	w.asked = now
	elements, err := slurm.Queue(ctx, w.job)
	switch {
	case ctx.Err() != nil:
		return true, nil
	case err != nil && w.answered.IsZero(), err != nil && now.Sub(w.answered) > deaf:
		return false, err
	case err != nil:
		w.say(fmt.Sprintf("job %s: %v", w.job, err))
		return true, nil
	}
	w.answered = now
	w.latest = w.withEnded(ctx, elements)
	if line := queueLine(w.job, w.latest); line != w.line {
		w.line = line
		w.say(line)
	}
	for _, element := range w.latest {
		if element.Failed() && !w.told[element.Name()] {
			w.told[element.Name()] = true
			w.say(failedLine(element, w.logs))
		}
	}
	return slices.ContainsFunc(w.latest, slurm.Element.Active), nil
}

// withEnded adds elements that the queue has forgotten, as the accounting has
// them, or as they were last seen.
func (w *jobWatch) withEnded(ctx context.Context, elements []slurm.Element) []slurm.Element {
	var forgotten []slurm.Element
	for _, before := range w.latest {
		if !slices.ContainsFunc(elements, func(e slurm.Element) bool { return e.Name() == before.Name() }) {
			forgotten = append(forgotten, before)
		}
	}
	if !slices.ContainsFunc(forgotten, slurm.Element.Active) {
		return append(elements, forgotten...)
	}
	accounts, _ := slurm.Account(ctx, w.job)
	for _, gone := range forgotten {
		at := slices.IndexFunc(accounts, func(e slurm.Element) bool { return e.Name() == gone.Name() && !e.Active() })
		switch {
		case at >= 0:
			gone = accounts[at]
		case gone.Active():
			gone.State, gone.Reason = slurm.Unknown, "it has left the queue, and the cluster keeps no accounts"
		}
		elements = append(elements, gone)
	}
	return elements
}

// queueLine says how many elements are in which state, and where or why.
func queueLine(job string, elements []slurm.Element) string {
	var states []string
	counts, details := map[string]int{}, map[string][]string{}
	for _, e := range elements {
		if counts[e.State]++; counts[e.State] == 1 {
			states = append(states, e.State)
		}
		detail := e.Node
		if e.State == "PENDING" {
			detail = e.Reason
		}
		if detail != "" && !slices.Contains(details[e.State], detail) {
			details[e.State] = append(details[e.State], detail)
		}
	}
	var parts []string
	for _, state := range states {
		part := fmt.Sprintf("%d %s", counts[state], strings.ToLower(strings.ReplaceAll(state, "_", " ")))
		if len(details[state]) > 0 {
			slices.Sort(details[state])
			part += " (" + strings.Join(details[state], ", ") + ")"
		}
		parts = append(parts, part)
	}
	if len(parts) == 0 {
		return fmt.Sprintf("job %s is not in the queue", job)
	}
	return fmt.Sprintf("job %s: %s", job, strings.Join(parts, "; "))
}

// failedLine says how an element failed, with the end of its log.
func failedLine(e slurm.Element, logs string) string {
	line := fmt.Sprintf("job %s: %s", e.Name(), e.State)
	if e.Node != "" {
		line += " on " + e.Node
	}
	if e.Reason != "" && e.Reason != "None" {
		line += fmt.Sprintf(" (%s)", e.Reason)
	}
	const lines = 5
	path := filepath.Join(logs, slurm.LogName(e.Name()))
	if tail := execute.LastLines(path, lines); tail != "" {
		line += fmt.Sprintf("; the end of %s:\n  %s", path, indented(tail, "  "))
	}
	return line
}
