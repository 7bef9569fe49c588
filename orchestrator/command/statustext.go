package command

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/execute/runlog"
	"kizu/orchestrator/plan"
)

func (s status) print(out io.Writer) error {
	for _, cell := range s.Cells {
		fmt.Fprintf(out, "%-8s %s %q, seed %d\n", cell.State, cell.Study, cell.Name, cell.Seed)
	}
	fmt.Fprintf(out, "%s: %d of %d %s done\n", s.Experiment, s.TasksDone, s.Tasks, english.PluralWord(s.Tasks, "task", ""))
	for _, task := range s.Begun {
		fmt.Fprintf(out, "begun    %s: %d of %d steps are kept\n", task.Label, task.Steps, task.Of)
	}
	for _, cause := range s.causes {
		fmt.Fprintf(out, "failed   %s in the last run: %s\n", cause.tasks, cause.err)
	}
	_, err := fmt.Fprint(out, s.text())
	return err
}

// text says what goes on.
func (s status) text() string {
	var text strings.Builder
	if s.Jobs != nil {
		text.WriteString(s.Jobs.Text())
	}
	for _, live := range s.Runs {
		text.WriteString(runText(live))
	}
	if s.SecondsLeft != nil {
		fmt.Fprintf(&text, "about %s left\n", plan.Short(time.Duration(*s.SecondsLeft*float64(time.Second))))
	}
	if !s.goesOn() {
		text.WriteString("no run is going on\n")
	}
	return text.String()
}

// runText says what a run is at, one line a device.
func runText(r *runlog.Live) string {
	var text strings.Builder
	place := fmt.Sprintf("on %s (process %d)", r.Host, r.PID)
	if r.Job != nil {
		place = fmt.Sprintf("on %s (job %s)", r.Job.Node, r.Job.Name())
	}
	fmt.Fprintf(&text, "running for %s %s: %d of %d %s done",
		plan.Short(time.Since(r.Started)), place, r.Done+r.Found, r.ToRun, english.PluralWord(r.ToRun, "task", ""))
	if r.Failed > 0 {
		fmt.Fprintf(&text, ", %d failed", r.Failed)
	}
	text.WriteString("\n")
	for _, d := range r.Devices {
		if n := len(d.Beside); n > 0 {
			d.Label += fmt.Sprintf(" and %d more together", n)
		}
		switch {
		case d.Task == "":
			fmt.Fprintf(&text, "  %-8s idle\n", d.Device)
		case d.Total == 0:
			fmt.Fprintf(&text, "  %-8s %s, for %s\n", d.Device, d.Label, plan.Short(time.Since(d.Since)))
		default:
			fmt.Fprintf(&text, "  %-8s %s: %d of %d, for %s\n", d.Device, d.Label, d.Done, d.Total, plan.Short(time.Since(d.Since)))
		}
	}
	if n := len(r.Elsewhere); n > 0 {
		fmt.Fprintf(&text, "  %d %s made by another run\n", n, english.PluralWord(n, "task is", "tasks are"))
	}
	return text.String()
}
