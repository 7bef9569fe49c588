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

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/execute"
	"kizu/orchestrator/report"
	"kizu/orchestrator/store"
)

func newRun(s *settings) *cobra.Command {
	var wait time.Duration
	cmd := &cobra.Command{
		Use:   "run FILE",
		Short: "Run what the store does not have yet, then write the report",
		Args:  oneFile("run FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			// A run outlives the terminal it was started from, and whatever
			// reads its output.
			signal.Ignore(syscall.SIGHUP, syscall.SIGPIPE)
			r := &runner{settings: s, file: args[0], wait: wait, stdout: cmd.OutOrStdout(), stderr: cmd.ErrOrStderr()}
			return r.run(cmd.Context())
		},
	}
	s.addSet(cmd)
	cmd.Flags().DurationVar(&wait, "wait", 0, "how long to wait, such as 30m, for another run of the experiment to end")
	return cmd
}

// runner is one invocation of `kizu run`.
type runner struct {
	settings       *settings
	file           string
	wait           time.Duration
	stdout, stderr io.Writer

	study *study
	began time.Time
}

// rounds is how often a run plans anew after it found artifacts damaged.
const rounds = 3

// run runs an experiment: the tables go to stdout, progress to stderr.
func (r *runner) run(ctx context.Context) (err error) {
	r.began = time.Now()
	if r.study, err = openStudy(r.settings, r.file); err != nil {
		return err
	}
	if err := r.study.makeStore(r.settings); err != nil {
		return err
	}
	lock, err := r.study.store.LockRun(ctx, r.study.plan.Experiment.Name, r.wait)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	for round := 1; ; round++ {
		// Only now can nobody else be adding artifacts for this experiment.
		if round > 1 || len(r.study.plan.ToRun()) > 0 {
			if err := r.study.plan.Compare(r.study.store); err != nil {
				return err
			}
		}
		if len(r.study.plan.ToRun()) == 0 && r.shown() {
			return nil
		}
		summary, results, err := r.compute(ctx)
		if err != nil {
			return err
		}
		if again, err := r.setAside(summary, results); err != nil {
			return err
		} else if again && round < rounds {
			continue
		}
		return r.conclude(summary, results)
	}
}

// compute runs what is missing, and collects the results.
func (r *runner) compute(ctx context.Context) (*execute.Summary, *report.Report, error) {
	summary, err := r.runTasks(ctx)
	if err != nil {
		return nil, nil, err
	}
	results, err := report.Collect(r.study.plan, r.study.store, summary.Reasons())
	return summary, results, err
}

// setAside moves artifacts away that turned out to be damaged, and reports
// whether there were any, so that they are made again.
func (r *runner) setAside(summary *execute.Summary, results *report.Report) (again bool, err error) {
	damaged := results.Damaged()
	for _, failure := range summary.Failures {
		var damage *store.DamagedError
		if errors.As(failure, &damage) { // set aside already
			fmt.Fprintf(r.stderr, "kizu: %v; it is made again\n", damage)
			again = true
		}
	}
	for _, damage := range damaged {
		place, err := r.study.store.SetAside(damage.Kind, damage.Key)
		if err != nil {
			return false, err
		}
		if place != "" {
			fmt.Fprintf(r.stderr, "kizu: %v; it is made again, and kept in %s\n", damage, place)
		}
		again = true
	}
	return again, nil
}

func (r *runner) runTasks(ctx context.Context) (*execute.Summary, error) {
	toRun, st := r.study.plan.ToRun(), r.study.store
	if len(toRun) == 0 {
		return &execute.Summary{}, nil
	}
	if _, err := r.study.plan.Base.Check(); err != nil {
		return nil, err
	}
	if encoder := r.study.plan.Encoder; encoder != nil {
		if _, err := encoder.Check(); err != nil {
			return nil, err
		}
	}
	if err := dataset.Verify(r.study.plan.Used(toRun)); err != nil {
		return nil, err
	}
	worker, err := workerCommand(r.settings)
	if err != nil {
		return nil, err
	}
	runID := execute.RunID(r.study.plan.Experiment.Name, time.Now())
	devices, err := r.settings.devices()
	if err == nil && devices == nil {
		devices, err = execute.Devices(ctx, worker, st.Logs(runID))
	}
	if err != nil {
		return nil, err
	}
	display, closeLog, err := r.display(runID, devices)
	if err != nil {
		return nil, err
	}
	summary, err := execute.Run(ctx, r.study.plan, execute.Config{
		Store: st, Devices: devices, Worker: worker, RunID: runID, Display: display,
		Stall: r.settings.viper.GetDuration(setStall), Checkpoint: r.settings.viper.GetDuration(setCheckpoint),
		Hashes: r.study.hashes,
	})
	closeLog(summary, err)
	return summary, err
}

// display shows the run on the screen, in its log, and to `kizu status`.
func (r *runner) display(runID string, devices []string) (execute.Display, func(*execute.Summary, error), error) {
	st, name := r.study.store, r.study.plan.Experiment.Name
	logs := filepath.Dir(st.Logs(runID))
	if err := os.MkdirAll(st.Logs(runID), 0o755); err != nil {
		return nil, nil, err
	}
	if err := execute.KeepRuns(logs, name, r.settings.viper.GetInt(setKeepLogs)); err != nil {
		return nil, nil, err
	}
	file, err := os.Create(filepath.Join(st.Logs(runID), "run.jsonl"))
	if err != nil {
		return nil, nil, err
	}
	log := execute.NewLines(file, true)
	recorder := execute.NewRecorder(st.Logs(runID), runID, st.Host(), devices, r.study.plan.ToRun())
	ended := func(summary *execute.Summary, err error) {
		log.Ended(summary, err)
		_ = file.Close()
	}
	return execute.Displays{r.settings.display(r.stderr), log, recorder}, ended, nil
}

// display chooses how progress is shown on the screen.
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
