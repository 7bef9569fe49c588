package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"kizu/orchestrator/execute"
	"kizu/orchestrator/execute/progress"
	"kizu/orchestrator/execute/runlog"
	"kizu/orchestrator/plan"
	"kizu/orchestrator/report"
	"kizu/orchestrator/store"
)

func newRun(s *settings) *cobra.Command {
	r := &runner{settings: s}
	cmd := &cobra.Command{
		Use:   "run FILE…",
		Short: "Run what the store does not have yet, then write the report",
		Long: `Run what the store does not have yet, then write the report.

Of several files, or a folder of them, one is run after the other; one that fails
stops none of the others. --each runs a file once for each value of a setting, as
experiments of their own.`,
		Args: someFiles("run FILE…"),
		RunE: func(cmd *cobra.Command, args []string) error {
			// A run outlives the terminal it was started from, and whatever reads its output.
			signal.Ignore(syscall.SIGHUP, syscall.SIGPIPE)
			return s.forEach(cmd.Context(), args, cmd.ErrOrStderr(), func(file string) error {
				one := *r
				one.file, one.stdout, one.stderr = file, cmd.OutOrStdout(), cmd.ErrOrStderr()
				return one.run(cmd.Context())
			})
		},
	}
	s.addEach(cmd)
	s.addExecutor(cmd)
	cmd.Flags().DurationVar(&r.wait, "wait", 0, "how long to wait, such as 30m, for another run of the experiment to end")
	cmd.Flags().BoolVar(&r.detach, "detach", false, "with --executor slurm: return when the jobs are submitted")
	cmd.Flags().BoolVar(&r.dryRun, "dry-run", false, "with --executor slurm: print the batch script and submit nothing")
	return cmd
}

// runner is one invocation of `kizu run`.
type runner struct {
	settings       *settings
	file           string
	wait           time.Duration
	detach, dryRun bool
	stdout, stderr io.Writer

	planned *planned
	devices []string // to compute on, here
	began   time.Time
	round   int
}

// rounds is how often a run plans anew after it found artifacts damaged.
const rounds = 3

// run runs an experiment: the tables go to stdout, progress to stderr.
func (r *runner) run(ctx context.Context) (err error) {
	r.began = time.Now()
	if r.planned, err = openPlanned(ctx, r.settings, r.file); err != nil {
		return err
	}
	if r.detach && !r.onSlurm() || r.dryRun && !r.onSlurm() {
		return errors.New("--detach and --dry-run are for --executor slurm; what a run here would do, kizu plan shows")
	}
	if notes, dark := r.planned.plan.Set.RangeNotes(); dark {
		fmt.Fprintf(r.stderr, "kizu: warning: the photos have %s\n", strings.Join(notes, "; "))
	}
	r.planned.sayPhotos(r.stderr)
	r.planned.sayNamesake(r.stderr)
	if r.dryRun {
		return r.printScript()
	}
	if err := r.findDevices(ctx); err != nil {
		return err
	}
	if r.settings.on(setReproducible) && !r.settings.on(setQuiet) {
		r.warnOfOthers()
	}
	if err := r.planned.makeStore(r.settings, r.onSlurm()); err != nil {
		return err
	}
	lock, err := r.planned.store.LockRun(ctx, r.planned.plan.Experiment.Name, r.wait)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	for r.round = 1; ; r.round++ {
		// Only now can nobody else be adding artifacts for this experiment.
		if r.round > 1 || len(r.planned.plan.ToRun()) > 0 {
			if err := r.planned.plan.Compare(r.planned.store); err != nil {
				return err
			}
		}
		if len(r.planned.plan.ToRun()) == 0 && r.shown() {
			return nil
		}
		summary, results, err := r.compute(ctx)
		if errors.Is(err, errDetached) {
			return nil
		} else if err != nil {
			return err
		}
		if again, err := r.setAside(summary, results); err != nil {
			return err
		} else if again && r.round < rounds {
			continue
		}
		return r.conclude(summary, results)
	}
}

// findDevices makes sure that the devices which the settings name are there, if anything is to
// be computed here.
func (r *runner) findDevices(ctx context.Context) error {
	worker, err := workerCommand(r.settings)
	if err == nil && len(r.planned.plan.ToRun()) > 0 && !r.onSlurm() {
		r.devices, err = execute.Devices(ctx, worker, r.settings.devices())
	}
	return err
}

// warnOfOthers says how many artifacts --reproducible comes too late for.
func (r *runner) warnOfOthers() {
	if n := r.planned.otherwise(); n > 0 {
		fmt.Fprintf(r.stderr, "kizu: warning: %d of the %d artifacts that are reused were not computed with --%s; with an empty store (--%s) all are\n",
			n, len(r.planned.plan.Tasks)-len(r.planned.plan.ToRun()), setReproducible, setStore)
	}
}

// compute runs what is missing, and collects the results.
func (r *runner) compute(ctx context.Context) (*execute.Summary, *report.Report, error) {
	summary, err := r.runTasks(ctx)
	if err != nil {
		return nil, nil, err
	}
	results, err := report.Collect(r.planned.plan, r.planned.store, summary.Reasons())
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
		place, err := r.planned.store.SetAside(damage.Kind, damage.Key)
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
	if len(r.planned.plan.ToRun()) == 0 {
		return &execute.Summary{}, nil
	}
	if err := r.planned.ready(); err != nil {
		return nil, err
	}
	if err := r.planned.fetch(ctx, r.settings, r.stderr); err != nil {
		return nil, err
	}
	r.warnOfSpace()
	if r.onSlurm() {
		return r.runOnSlurm(ctx)
	}
	runID := runlog.RunID(r.planned.plan.Experiment.Name, time.Now())
	if err := r.planned.keepLogs(r.settings, runID); err != nil {
		return nil, err
	}
	failures := runlog.FailureLogOf(r.planned.store.Logs(runID)) // for kizu status
	return r.planned.execute(ctx, r.settings, execute.Config{RunID: runID, Devices: r.devices, Failures: failures}, r.stderr)
}

// warnOfSpace says so where what is to be computed may take more than is free.
func (r *runner) warnOfSpace() {
	needed := plan.EstimateOf(r.planned.plan.ToRun(), r.planned.plan.Base).Bytes
	if free, err := r.planned.store.Free(); err == nil && free < needed {
		fmt.Fprintf(r.stderr, "kizu: warning: %s are free in %s, and the run may need %s\n", size(free), r.planned.store.Root(), size(needed))
	}
}

// display chooses how progress is shown on the screen.
func (s *settings) display(stderr io.Writer, pace *progress.Pace) progress.Display {
	if s.on(setQuiet) {
		return progress.Silent{}
	}
	asJSON := s.text(setLogFormat) == "json"
	if width := terminalWidth(stderr); width > 0 && !asJSON {
		return progress.NewBars(stderr, width, pace)
	}
	return progress.NewLines(stderr, asJSON, pace)
}
