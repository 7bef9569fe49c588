package command

import (
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"kizu/orchestrator/plan"
)

func newStatus(s *settings) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status FILE",
		Short: "Show which cells of an experiment are done",
		Args:  oneFile("status FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			study, err := openStudy(s, args[0])
			if err != nil {
				return err
			}
			status := statusOf(study.plan)
			if asJSON {
				return printJSON(cmd.OutOrStdout(), status)
			}
			return printStatus(cmd.OutOrStdout(), status)
		},
	}
	s.addSet(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print an object with counts and cells")
	return cmd
}

// status is how far an experiment has come.
type status struct {
	Experiment string       `json:"experiment"`
	TasksDone  int          `json:"tasks_done"`
	Tasks      int          `json:"tasks"`
	Cells      []cellStatus `json:"cells"`
}

type cellStatus struct {
	Study string `json:"study"`
	Name  string `json:"name"`
	Seed  int64  `json:"seed"`
	State string `json:"state"` // done or missing
}

func statusOf(p *plan.Plan) status {
	result := status{Experiment: p.Experiment.Name, Tasks: len(p.Tasks), TasksDone: len(p.Tasks) - len(p.ToRun())}
	for _, cell := range p.Cells {
		state := "done"
		if slices.ContainsFunc(cell.Tasks(), func(t *plan.Task) bool { return !t.Reuse }) {
			state = "missing"
		}
		result.Cells = append(result.Cells, cellStatus{cell.Study, cell.Name, cell.Seed, state})
	}
	return result
}

func printStatus(out io.Writer, s status) error {
	for _, cell := range s.Cells {
		fmt.Fprintf(out, "%-8s %s %q, seed %d\n", cell.State, cell.Study, cell.Name, cell.Seed)
	}
	_, err := fmt.Fprintf(out, "%s: %d of %d tasks done\n", s.Experiment, s.TasksDone, s.Tasks)
	return err
}
