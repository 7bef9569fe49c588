package command

import (
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/execute"
	"kizu/orchestrator/execute/runlog"
	"kizu/orchestrator/plan"
	"kizu/orchestrator/report"
	"kizu/orchestrator/shell"
)

// conclude writes the report and says how the run ended. Whether the screen can
// still be written to is of no matter to what the run has done.
func (r *runner) conclude(summary *execute.Summary, results *report.Report) error {
	page := r.planned.store.Reports(r.planned.plan.Experiment.Name)
	unwritten := results.Write(page)
	if unwritten == nil {
		unwritten = results.Keep(page, version())
	}
	if !r.settings.on(setQuiet) {
		_ = results.Table(r.stdout, screenOf(r.stdout))
		tasks, failed := len(r.planned.plan.Tasks), len(summary.Reasons())
		text := fmt.Sprintf("%d %s run in %s, %d reused", summary.Done, english.PluralWord(summary.Done, "task", ""), plan.Short(time.Since(r.began)), tasks-summary.Done-summary.Found-failed-summary.Left)
		if summary.Found > 0 {
			text += fmt.Sprintf(", %d made by another run meanwhile", summary.Found)
		}
		if summary.Done+summary.Found+failed+summary.Left == 0 {
			text = allReused(tasks)
		}
		fmt.Fprintf(r.stdout, "\n%s\n", text)
		if unwritten == nil {
			fmt.Fprintf(r.stdout, "page: %s\n", filepath.Join(page, "report.html"))
		}
	}
	err := r.failures(summary)
	switch {
	case unwritten != nil: // what is computed is kept all the same
		fmt.Fprintf(r.stderr, "kizu: the page cannot be written into %s: %v\n", page, unwritten)
		return errCellsFailed
	case results.Failed(): // also since an artifact that is there cannot be read, which the report says
		return errCellsFailed
	}
	return err
}

func allReused(tasks int) string {
	if tasks == 1 {
		return "everything is reused: the only task is in the store"
	}
	return fmt.Sprintf("everything is reused: all %d tasks are in the store", tasks)
}

// shown shows the report that is there if it is of just this plan.
func (r *runner) shown() bool {
	p := r.planned.plan
	page := r.planned.store.Reports(p.Experiment.Name)
	table, ok := report.Kept(p, page, version(), screenOf(r.stdout))
	if ok && !r.settings.on(setQuiet) {
		fmt.Fprintf(r.stdout, "%s\n%s\npage: %s\n", table, allReused(len(p.Tasks)), filepath.Join(page, "report.html"))
	}
	return ok
}

// failures lists what failed or was left, and how to go on.
func (r *runner) failures(summary *execute.Summary) error {
	if len(summary.Failures) == 0 && summary.Left == 0 {
		return nil
	}
	r.planned.printFailures(r.stderr, summary)
	if summary.Left > 0 {
		fmt.Fprintf(r.stderr, "\n%d %s not run: no job is left in the queue\n", summary.Left, english.PluralWord(summary.Left, "task was", "tasks were"))
	}
	fmt.Fprintf(r.stderr, "everything else is done and kept; go on with: kizu run %s\n", r.again())
	return errCellsFailed
}

// printFailures lists the tasks that failed.
func (p *planned) printFailures(out io.Writer, summary *execute.Summary) {
	n := len(summary.Failures)
	if n == 0 {
		return
	}
	fmt.Fprintf(out, "\n%d %s failed, %d could not run because of %s:\n",
		n, english.PluralWord(n, "task", ""), len(summary.Blocked), english.PluralWord(n, "it", "them"))
	for _, cause := range causesOf(p.plan.Tasks, summary.Failures) {
		fmt.Fprintf(out, "  %s: %s\n", cause.tasks, indented(cause.err.Error(), "    "))
		if tail := runlog.LogTail(cause.err); tail != "" && runlog.Surprising(cause.err) {
			fmt.Fprintf(out, "    the end of its log:\n      %s\n", indented(strings.TrimSpace(tail), "      "))
		}
	}
}

// cause is why tasks failed.
type cause struct {
	tasks string // the first one, and how many more
	err   error  // of the first one
}

// causesOf lists each cause of failures, by the id of their task, once.
func causesOf(tasks []*plan.Task, failures map[string]error) (list []cause) {
	alike := map[string]int{}
	for _, err := range failures {
		alike[causeText(err)]++
	}
	for _, task := range tasks {
		err := failures[task.ID]
		if err == nil || alike[causeText(err)] == 0 {
			continue
		}
		label := task.Label
		if more := alike[causeText(err)] - 1; more > 0 {
			label += fmt.Sprintf(" and %d more", more)
		}
		alike[causeText(err)] = 0 // one cause is told once
		list = append(list, cause{label, err})
	}
	return list
}

// ownLog is what names a task's log in its error.
var ownLog = regexp.MustCompile(` \(log: [^)]*\)$`)

// causeText is what an error says but for the task's own log.
func causeText(err error) string { return ownLog.ReplaceAllString(err.Error(), "") }

// again is the file, its changes and the executor as a shell takes them.
func (r *runner) again() string {
	words := r.settings.again(r.file, r.planned.plan.Experiment.Changes)
	if r.onSlurm() {
		words += " --executor " + executorSlurm
	}
	return words
}

// again writes a file, its changes, and the flags that say where everything is,
// as a shell takes them.
func (s *settings) again(file string, changes []string) string {
	words := shell.Word(file)
	for _, change := range changes {
		words += " --set " + shell.Word(change)
	}
	for _, name := range []string{setStore, setConfig} {
		if flag := s.flags.Lookup(name); flag.Changed {
			words += " --" + name + " " + shell.Word(flag.Value.String())
		}
	}
	return words
}

func indented(text, by string) string { return strings.ReplaceAll(text, "\n", "\n"+by) }
