package slurm

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"kizu/orchestrator/execute/runlog"
)

// AskEvery is the time between two questions to the queue, which everybody shares.
const AskEvery = 10 * time.Second

// deaf is how long the queue may not answer.
const deaf = 10 * time.Minute

// Watch asks the queue about a job and says what has changed.
type Watch struct {
	Job  string
	Logs string // the folder of the run's logs
	Say  func(string)

	asked, answered time.Time
	latest          []Element
	line            string
	told            []string // the names of the elements whose failure was said
}

// Working reports whether any element works or waits. The queue may be silent
// for a while: its controller is restarted now and then.
func (w *Watch) Working(ctx context.Context) (bool, error) {
	now := time.Now()
	if now.Sub(w.asked) < AskEvery {
		return true, nil
	}
	w.asked = now
	elements, err := queue(ctx, w.Job)
	switch {
	case ctx.Err() != nil:
		return true, nil
	case err != nil && w.answered.IsZero(), err != nil && now.Sub(w.answered) > deaf:
		return false, err
	case err != nil:
		w.Say(fmt.Sprintf("job %s: %v", w.Job, err))
		return true, nil
	}
	w.answered = now
	w.latest = w.withEnded(ctx, elements)
	if line := queueLine(w.Job, w.latest); line != w.line {
		w.line = line
		w.Say(line)
	}
	for _, element := range w.latest {
		if element.Failed() && !slices.Contains(w.told, element.Name()) {
			w.told = append(w.told, element.Name())
			w.Say(failedLine(element, w.Logs))
		}
	}
	return slices.ContainsFunc(w.latest, Element.Active), nil
}

// withEnded adds elements that the queue has forgotten, as the accounting has
// them, or as they were last seen.
func (w *Watch) withEnded(ctx context.Context, elements []Element) []Element {
	forgotten := slices.DeleteFunc(slices.Clone(w.latest), func(before Element) bool {
		return slices.ContainsFunc(elements, func(e Element) bool { return e.Name() == before.Name() })
	})
	if !slices.ContainsFunc(forgotten, Element.Active) {
		return append(elements, forgotten...)
	}
	accounts, _ := Account(ctx, w.Job)
	for _, gone := range forgotten {
		at := slices.IndexFunc(accounts, func(e Element) bool { return e.Name() == gone.Name() && !e.Active() })
		switch {
		case at >= 0:
			gone = accounts[at]
		case gone.Active():
			gone.State, gone.Reason = unknown, "it has left the queue, and the cluster keeps no accounts"
		}
		elements = append(elements, gone)
	}
	return elements
}

// queueLine says how many elements are in which state, and where or why.
func queueLine(job string, elements []Element) string {
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
func failedLine(e Element, logs string) string {
	line := fmt.Sprintf("job %s: %s", e.Name(), e.State)
	if e.Node != "" {
		line += " on " + e.Node
	}
	if e.Reason != "" && e.Reason != "None" {
		line += fmt.Sprintf(" (%s)", e.Reason)
	}
	const lines = 5
	path := filepath.Join(logs, logName(e.Name()))
	if tail := runlog.LastLines(path, lines); tail != "" {
		line += fmt.Sprintf("; the end of %s:\n  %s", path, strings.ReplaceAll(tail, "\n", "\n  "))
	}
	return line
}
