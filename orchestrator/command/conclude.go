package command

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/execute"
	"kizu/orchestrator/plan"
	"kizu/orchestrator/report"
)

// conclude writes the report and says how the run ended. Whether the screen can
// still be written to is of no matter to what the run has done.
func (r *runner) conclude(summary *execute.Summary, results *report.Report) error {
	page := r.study.store.Reports(r.study.plan.Experiment.Name)
	if err := results.Write(page); err != nil {
		return err
	}
	if err := r.remember(summary, results, page); err != nil {
		return err
	}
	if !r.settings.on(setQuiet) {
		_ = results.Table(r.stdout, screenOf(r.stdout))
		tasks, failed := len(r.study.plan.Tasks), len(summary.Reasons())
		text := fmt.Sprintf("%d %s run in %s, %d reused", summary.Done, english.PluralWord(summary.Done, "task", ""), execute.Short(time.Since(r.began)), tasks-summary.Done-summary.Found-failed-summary.Left)
		if summary.Found > 0 {
			text += fmt.Sprintf(", %d made by another run meanwhile", summary.Found)
		}
		if summary.Done+summary.Found+failed+summary.Left == 0 {
			text = allReused(tasks)
		}
		fmt.Fprintf(r.stdout, "\n%s\npage: %s\n", text, filepath.Join(page, "report.html"))
	}
	return r.failures(summary)
}

func allReused(tasks int) string {
	if tasks == 1 {
		return "everything is reused: the only task is in the store"
	}
	return fmt.Sprintf("everything is reused: all %d tasks are in the store", tasks)
}

// Files beside a report: its table as text, plain and for terminals with
// colour, and what it is the report of.
const (
	tableFile    = "report.txt"
	colouredFile = "report.ansi"
	reportOf     = "report.key"
	tableWidth   = 100
)

// remember keeps the table of a complete report and what it was made of, so
// that a run that finds nothing to do need not read every artifact again.
func (r *runner) remember(summary *execute.Summary, results *report.Report, page string) error {
	stamp := filepath.Join(page, reportOf)
	if len(summary.Reasons()) > 0 || summary.Left > 0 {
		if err := os.Remove(stamp); err != nil && !os.IsNotExist(err) {
			return err
		}
		return nil
	}
	for name, colour := range map[string]bool{tableFile: false, colouredFile: true} {
		var table bytes.Buffer
		if err := results.Table(&table, report.Screen{Width: tableWidth, Colour: colour}); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(page, name), table.Bytes(), 0o666); err != nil {
			return err
		}
	}
	key, err := reportKey(r.study.plan)
	if err != nil {
		return err
	}
	return os.WriteFile(stamp, []byte(key), 0o666)
}

// shown shows the report that is there if it is of just this plan.
func (r *runner) shown() bool {
	page := r.study.store.Reports(r.study.plan.Experiment.Name)
	if _, err := os.Lstat(report.PublishedPath(r.study.plan.Experiment)); err == nil {
		return false // what it says of the artifacts, it says of their files
	}
	key, err := reportKey(r.study.plan)
	if was, reading := os.ReadFile(filepath.Join(page, reportOf)); err != nil || reading != nil || string(was) != key {
		return false
	}
	screen, name := screenOf(r.stdout), tableFile
	if screen.Colour {
		name = colouredFile
	}
	table, err := os.ReadFile(filepath.Join(page, name))
	html := filepath.Join(page, "report.html")
	if _, missing := os.Stat(html); err != nil || missing != nil {
		return false
	}
	if r.settings.on(setQuiet) {
		return true
	}
	if screen.Width < tableWidth {
		return false
	}
	fmt.Fprintf(r.stdout, "%s\n%s\npage: %s\n", table, allReused(len(r.study.plan.Tasks)), html)
	return true
}

// reportKey is a hash of everything that a report shows: this program, the
// experiment and the artifacts.
func reportKey(p *plan.Plan) (string, error) {
	hash := sha256.New()
	hash.Write([]byte(version()))
	lines := json.NewEncoder(hash)
	for _, part := range []any{p.Experiment, p.Set.Root, p.Set.Duplicates, p.Base.Name} {
		if err := lines.Encode(part); err != nil {
			return "", err
		}
	}
	for _, task := range p.Tasks {
		fmt.Fprintln(hash, task.Key, task.Label)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// failures lists what failed or was left, and how to go on.
func (r *runner) failures(summary *execute.Summary) error {
	if len(summary.Failures) == 0 && summary.Left == 0 {
		return nil
	}
	r.study.printFailures(r.stderr, summary)
	if summary.Left > 0 {
		fmt.Fprintf(r.stderr, "\n%d %s not run: no job is left in the queue\n", summary.Left, english.PluralWord(summary.Left, "task was", "tasks were"))
	}
	fmt.Fprintf(r.stderr, "everything else is done and kept; go on with: kizu run %s\n", r.again())
	return errCellsFailed
}

// printFailures lists the tasks that failed.
func (y *study) printFailures(out io.Writer, summary *execute.Summary) {
	n := len(summary.Failures)
	if n == 0 {
		return
	}
	fmt.Fprintf(out, "\n%d %s failed, %d could not run because of %s:\n",
		n, english.PluralWord(n, "task", ""), len(summary.Blocked), english.PluralWord(n, "it", "them"))
	for _, task := range y.plan.Tasks {
		err := summary.Failures[task.ID]
		if err == nil {
			continue
		}
		fmt.Fprintf(out, "  %s: %s\n", task.Label, indented(err.Error(), "    "))
		if tail := execute.LogTail(err); tail != "" && execute.Surprising(err) {
			fmt.Fprintf(out, "    the end of its log:\n      %s\n", indented(strings.TrimSpace(tail), "      "))
		}
	}
}

// again is the file, its changes and the executor as a shell takes them.
func (r *runner) again() string {
	words := r.settings.again(r.file, r.study.plan.Experiment.Changes)
	if r.onSlurm() {
		words += " --executor " + executorSlurm
	}
	return words
}

// again writes a file, its changes, and the flags that say where everything is,
// as a shell takes them.
func (s *settings) again(file string, changes []string) string {
	words := shellWord(file)
	for _, change := range changes {
		words += " --set " + shellWord(change)
	}
	for _, name := range []string{setStore, setConfig} {
		if flag := s.flags.Lookup(name); flag.Changed {
			words += " --" + name + " " + shellWord(flag.Value.String())
		}
	}
	return words
}

// plainWord is what no shell reads anything into.
var plainWord = regexp.MustCompile(`^[\pL\pN@%+:,./_-]+$`)

// shellWord quotes a text if a shell would take it for something else.
func shellWord(text string) string {
	if plainWord.MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

func indented(text, by string) string { return strings.ReplaceAll(text, "\n", "\n"+by) }
