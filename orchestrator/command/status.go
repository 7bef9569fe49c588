package command

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"kizu/orchestrator/execute/runlog"
	"kizu/orchestrator/execute/slurm"
	"kizu/orchestrator/plan"
)

func newStatus(s *settings) *cobra.Command {
	var asJSON, follow bool
	cmd := &cobra.Command{
		Use:   "status FILE…",
		Short: "Show which cells of an experiment are done, and the runs and jobs that are going on",
		Args:  someFiles("status FILE…"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := s.existingStore(); err != nil {
				return err
			}
			return s.forEach(cmd.Context(), args, cmd.ErrOrStderr(), func(file string) error {
				planned, err := openPlanned(cmd.Context(), s, file)
				if err != nil {
					return err
				}
				if follow {
					return planned.follow(cmd.Context(), cmd.OutOrStdout(), asJSON)
				}
				status, err := planned.status(cmd.Context())
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(cmd.OutOrStdout(), status)
				}
				return status.print(cmd.OutOrStdout())
			})
		},
	}
	s.addEach(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print an object with counts, cells and runs; with --follow one a line")
	cmd.Flags().BoolVar(&follow, "follow", false, "go on showing the run until it ends")
	return cmd
}

// status is how far an experiment has come.
type status struct {
	Experiment  string         `json:"experiment"`
	TasksDone   int            `json:"tasks_done"`
	Tasks       int            `json:"tasks"`
	Cells       []cellStatus   `json:"cells"`
	Runs        []*runlog.Live `json:"runs"`         // that are going on: a run here, or any number of workers
	SecondsLeft *float64       `json:"seconds_left"` // null where nothing like what is left was ever done
	Jobs        *slurm.Status  `json:"jobs"`         // of the latest run; null if that was not on Slurm
	Failed      []failedTask   `json:"failed"`       // in the latest run, and not done since
	Begun       []begunTask    `json:"begun"`        // that were interrupted, or are at work
	causes      []cause        // of what failed
}

type failedTask struct {
	Task    string `json:"task"`
	Label   string `json:"label"`
	Message string `json:"message"`
}

type begunTask struct {
	Task  string `json:"task"`
	Label string `json:"label"`
	Steps int    `json:"steps"` // that a checkpoint keeps
	Of    int    `json:"of"`
}

type cellStatus struct {
	Study string `json:"study"`
	Name  string `json:"name"`
	Seed  int64  `json:"seed"`
	State string `json:"state"` // done, failed or missing
}

// status looks at the store as it is now.
func (p *planned) status(ctx context.Context) (status, error) {
	if err := p.plan.Compare(p.store); err != nil {
		return status{}, err
	}
	s := status{Experiment: p.plan.Experiment.Name, Tasks: len(p.plan.Tasks), TasksDone: len(p.plan.Tasks) - len(p.plan.ToRun())}
	fails, err := p.addTasks(&s)
	if err != nil {
		return s, err
	}
	for _, cell := range p.plan.Cells {
		state := "missing"
		switch {
		case cell.Done():
			state = "done"
		case slices.ContainsFunc(cell.Tasks(), func(task *plan.Task) bool { return fails[task] }):
			state = "failed"
		}
		s.Cells = append(s.Cells, cellStatus{cell.Study, cell.Name, cell.Seed, state})
	}
	if s.Runs, err = runlog.LiveRuns(p.store.Logs(""), p.plan.Experiment.Name, p.store.Host()); err != nil {
		return s, err
	}
	s.SecondsLeft = runlog.SecondsLeft(p.plan, s.Runs)
	s.Jobs, err = p.jobs(ctx)
	return s, err
}

// lastFailures is the failure log of the latest run; nil if there was none.
func (p *planned) lastFailures() (*runlog.FailureLog, error) {
	runs, err := runlog.Runs(p.store.Logs(""), p.plan.Experiment.Name)
	if err != nil || len(runs) == 0 {
		return nil, err
	}
	return runlog.FailureLogOf(p.store.Logs(runs[len(runs)-1])), nil
}

// addTasks adds what failed in the latest run, and what checkpoints keep. It returns the tasks
// that failed and those made from them.
func (p *planned) addTasks(s *status) (fails map[*plan.Task]bool, err error) {
	failures, err := p.lastFailures()
	if err != nil {
		return nil, err
	}
	s.Failed, s.Begun = []failedTask{}, []begunTask{}
	fails = map[*plan.Task]bool{}
	failed := map[string]error{}
	for _, task := range p.plan.ToRun() { // inputs first
		fails[task] = slices.ContainsFunc(task.Needs, func(need *plan.Task) bool { return fails[need] })
		if err := failures.Failure(task); err != nil {
			fails[task], failed[task.ID] = true, err
			s.Failed = append(s.Failed, failedTask{task.ID, task.Label, err.Error()})
		}
		if steps := p.store.CheckpointSteps(task.Key); steps > 0 {
			s.Begun = append(s.Begun, begunTask{task.ID, task.Label, steps, task.Steps()})
		}
	}
	s.causes = causesOf(p.plan.Tasks, failed)
	return fails, nil
}

// goesOn reports whether anything works or waits to.
func (s status) goesOn() bool {
	return len(s.Runs) > 0 || s.Jobs.Active()
}

// followEvery is the time between two looks.
const followEvery = 2 * time.Second

// follow shows a run again and again until it ends.
func (p *planned) follow(ctx context.Context, out io.Writer, asJSON bool) error {
	for {
		s, err := p.status(ctx)
		if err != nil {
			return err
		}
		switch {
		case asJSON:
			err = json.NewEncoder(out).Encode(s)
		case !s.goesOn():
			return s.print(out)
		default:
			_, err = fmt.Fprint(out, s.text())
		}
		if err != nil || !s.goesOn() {
			return err
		}
		pause := followEvery
		if s.Jobs != nil {
			pause = slurm.AskEvery
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}
