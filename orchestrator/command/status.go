package command

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize/english"
	"github.com/spf13/cobra"

	"kizu/orchestrator/execute"
	"kizu/orchestrator/plan"
)

func newStatus(s *settings) *cobra.Command {
	var asJSON, follow bool
	cmd := &cobra.Command{
		Use:   "status FILE",
		Short: "Show which cells of an experiment are done, and the run that is going on",
		Args:  oneFile("status FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			study, err := openStudy(s, args[0])
			if err != nil {
				return err
			}
			if follow {
				return study.follow(cmd.Context(), cmd.OutOrStdout(), asJSON)
			}
			status, err := study.status()
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), status)
			}
			return status.print(cmd.OutOrStdout())
		},
	}
	s.addSet(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print an object with counts, cells and the run; with --follow one a line")
	cmd.Flags().BoolVar(&follow, "follow", false, "go on showing the run until it ends")
	return cmd
}

// status is how far an experiment has come.
type status struct {
	Experiment string       `json:"experiment"`
	TasksDone  int          `json:"tasks_done"`
	Tasks      int          `json:"tasks"`
	Cells      []cellStatus `json:"cells"`
	Run        *runStatus   `json:"run"` // the one that is going on; null if there is none
}

type cellStatus struct {
	Study string `json:"study"`
	Name  string `json:"name"`
	Seed  int64  `json:"seed"`
	State string `json:"state"` // done or missing
}

// runStatus is a run that is going on. SecondsLeft is null where nothing like
// what is left was ever done on its devices.
type runStatus struct {
	execute.Live
	SecondsLeft *float64 `json:"seconds_left"`
}

// status looks at the store as it is now.
func (y *study) status() (status, error) {
	p := y.plan
	if err := p.Compare(y.store); err != nil {
		return status{}, err
	}
	s := status{Experiment: p.Experiment.Name, Tasks: len(p.Tasks), TasksDone: len(p.Tasks) - len(p.ToRun())}
	for _, cell := range p.Cells {
		state := "done"
		if slices.ContainsFunc(cell.Tasks(), func(t *plan.Task) bool { return !t.Reuse }) {
			state = "missing"
		}
		s.Cells = append(s.Cells, cellStatus{cell.Study, cell.Name, cell.Seed, state})
	}
	live, alive, err := execute.LatestRun(y.store.Logs(""), p.Experiment.Name, y.store.Host())
	if err != nil || !alive {
		return s, err
	}
	s.Run = &runStatus{Live: *live, SecondsLeft: y.secondsLeft(live)}
	return s, nil
}

// secondsLeft estimates how long a run still takes.
func (y *study) secondsLeft(live *execute.Live) *float64 {
	var tasks []*plan.Task
	for _, task := range y.plan.Tasks {
		if slices.Contains(live.Left, task.ID) {
			tasks = append(tasks, task)
		}
	}
	var devices []string
	for _, device := range live.Devices {
		devices = append(devices, device.Device)
	}
	forecast := y.plan.Forecast(tasks, live.Host, devices)
	if len(forecast.Unknown()) > 0 || len(devices) == 0 {
		return nil
	}
	seconds := forecast.Seconds
	for _, device := range live.Devices {
		if task, err := y.plan.Find(device.Task); device.Total > 0 && err == nil {
			whole := y.plan.Forecast([]*plan.Task{task}, live.Host, devices).Seconds
			seconds -= whole * float64(device.Done) / float64(device.Total)
		}
	}
	seconds = max(0, seconds) / float64(len(devices))
	return &seconds
}

func (s status) print(out io.Writer) error {
	for _, cell := range s.Cells {
		fmt.Fprintf(out, "%-8s %s %q, seed %d\n", cell.State, cell.Study, cell.Name, cell.Seed)
	}
	fmt.Fprintf(out, "%s: %d of %d %s done\n", s.Experiment, s.TasksDone, s.Tasks, english.PluralWord(s.Tasks, "task", ""))
	if s.Run == nil {
		_, err := fmt.Fprintln(out, "no run is going on")
		return err
	}
	_, err := fmt.Fprint(out, s.Run.text())
	return err
}

// text says what a run is at, one line a device.
func (r *runStatus) text() string {
	var text strings.Builder
	fmt.Fprintf(&text, "running for %s on %s (process %d): %d of %d %s done",
		execute.Short(time.Since(r.Started)), r.Host, r.PID, r.Done+r.Found, r.ToRun, english.PluralWord(r.ToRun, "task", ""))
	if r.Failed > 0 {
		fmt.Fprintf(&text, ", %d failed", r.Failed)
	}
	if r.SecondsLeft != nil {
		fmt.Fprintf(&text, ", about %s left", execute.Short(time.Duration(*r.SecondsLeft*float64(time.Second))))
	}
	text.WriteString("\n")
	for _, d := range r.Devices {
		switch {
		case d.Task == "":
			fmt.Fprintf(&text, "  %-8s idle\n", d.Device)
		case d.Total == 0:
			fmt.Fprintf(&text, "  %-8s %s, for %s\n", d.Device, d.Label, execute.Short(time.Since(d.Since)))
		default:
			fmt.Fprintf(&text, "  %-8s %s: %d of %d, for %s\n", d.Device, d.Label, d.Done, d.Total, execute.Short(time.Since(d.Since)))
		}
	}
	if n := len(r.Elsewhere); n > 0 {
		fmt.Fprintf(&text, "  %d %s made by another run\n", n, english.PluralWord(n, "task is", "tasks are"))
	}
	return text.String()
}

// followEvery is the time between two looks.
const followEvery = 2 * time.Second

// follow shows a run again and again until it ends.
func (y *study) follow(ctx context.Context, out io.Writer, asJSON bool) error {
	for {
		s, err := y.status()
		if err != nil {
			return err
		}
		switch {
		case asJSON:
			err = json.NewEncoder(out).Encode(s)
		case s.Run == nil:
			return s.print(out)
		default:
			_, err = fmt.Fprint(out, s.Run.text())
		}
		if err != nil || s.Run == nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(followEvery):
		}
	}
}
