package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term" // is this a terminal, and how wide; Go project, BSD

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/execute"
	"kizu/orchestrator/report"
	"kizu/orchestrator/store"
)

func newRun(s *settings) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run FILE",
		Short: "Run what the store does not have yet, then write the report",
		Args:  oneFile("run FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return run(cmd.Context(), s, args[0], cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	s.addSet(cmd)
	return cmd
}

// run runs an experiment: the tables go to stdout, progress to stderr.
func run(ctx context.Context, s *settings, file string, stdout, stderr io.Writer) error {
	study, err := openStudy(s, file)
	if err != nil {
		return err
	}
	st, err := store.Open(study.store.Root())
	if err != nil {
		return err
	}
	name := study.plan.Experiment.Name
	lock, err := st.LockRun(ctx, name, 0)
	if err != nil {
		return err
	}
	defer lock.Release()
	// Only now can nobody else be adding artifacts for this experiment.
	if err := study.plan.Compare(st); err != nil {
		return err
	}
	began := time.Now()
	summary, err := runTasks(ctx, s, study, st, stderr)
	if err != nil {
		return err
	}
	r, err := report.Collect(study.plan, st, summary.Reasons())
	if err != nil {
		return err
	}
	page := st.Reports(name)
	if err := r.Write(page); err != nil {
		return err
	}
	if !s.viper.GetBool(setQuiet) {
		if err := printResult(stdout, r, summary, len(study.plan.Tasks), time.Since(began), page); err != nil {
			return err
		}
	}
	return failures(summary, study, file, stderr)
}

func runTasks(ctx context.Context, s *settings, study *study, st *store.Store, stderr io.Writer) (*execute.Summary, error) {
	toRun := study.plan.ToRun()
	if len(toRun) > 0 {
		if _, err := study.plan.Base.Check(); err != nil {
			return nil, err
		}
	}
	if err := dataset.Verify(study.plan.Used(toRun)); err != nil {
		return nil, err
	}
	worker, err := workerCommand(s)
	if err != nil {
		return nil, err
	}
	devices, err := s.devices()
	if err != nil {
		return nil, err
	}
	runID := fmt.Sprintf("%s-%s-%d", study.plan.Experiment.Name, time.Now().UTC().Format("20060102T150405Z"), os.Getpid())
	if devices == nil && len(toRun) > 0 {
		if devices, err = execute.Devices(ctx, worker, st.Logs(runID)); err != nil {
			return nil, err
		}
	}
	return execute.Run(ctx, study.plan, execute.Config{
		Store: st, Devices: devices, Worker: worker, RunID: runID,
		Display: s.display(stderr),
	})
}

// display chooses how progress is shown.
func (s *settings) display(stderr io.Writer) execute.Display {
	if s.viper.GetBool(setQuiet) {
		return execute.Silent{}
	}
	asJSON := s.viper.GetString(setLogFormat) == "json"
	if width := terminalWidth(stderr); width > 0 && !asJSON {
		return execute.NewBars(stderr, width)
	}
	return execute.NewLines(stderr, asJSON)
}

// terminalWidth is the number of columns of a terminal; 0 if out is none.
func terminalWidth(out io.Writer) int {
	file, ok := out.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) || os.Getenv("TERM") == "dumb" {
		return 0
	}
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil || width < 40 {
		return 80
	}
	return width
}

func printResult(out io.Writer, r *report.Report, summary *execute.Summary, tasks int, took time.Duration, page string) error {
	width := terminalWidth(out)
	if width == 0 {
		width = 100
	}
	if err := r.Table(out, width); err != nil {
		return err
	}
	text := fmt.Sprintf("%d tasks run in %s, %d reused", summary.Done, execute.Short(took), tasks-summary.Done-len(summary.Reasons()))
	if summary.Done == 0 && len(summary.Reasons()) == 0 {
		text = fmt.Sprintf("everything is reused: all %d tasks are in the store", tasks)
	}
	_, err := fmt.Fprintf(out, "\n%s\npage: %s\n", text, filepath.Join(page, "report.html"))
	return err
}

// failures lists what failed, and how to go on.
func failures(summary *execute.Summary, study *study, file string, stderr io.Writer) error {
	if len(summary.Failures) == 0 {
		return nil
	}
	fmt.Fprintf(stderr, "\n%d tasks failed, %d could not run because of them:\n", len(summary.Failures), len(summary.Blocked))
	for _, task := range study.plan.Tasks {
		if err := errors.Join(summary.Failures[task.ID]); err != nil {
			fmt.Fprintf(stderr, "  %s: %s\n", task.Label, strings.ReplaceAll(err.Error(), "\n", "\n    "))
		}
	}
	fmt.Fprintf(stderr, "everything else is done and kept; go on with: kizu run %s\n", again(file, study.plan.Experiment.Changes))
	return errCellsFailed
}

// again writes a file and its changes as a shell takes them.
func again(file string, changes []string) string {
	for _, change := range changes {
		file += " --set '" + strings.ReplaceAll(change, "'", `'\''`) + "'"
	}
	return file
}
