package command

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"kizu/orchestrator/plan"
)

func newPlan(s *settings) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "plan FILE",
		Short: "Show what a run would do: every cell and task, run or reused",
		Args:  oneFile("plan FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			study, err := openStudy(s, args[0])
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), study.plan.View())
			}
			return printPlan(cmd.OutOrStdout(), study.plan)
		},
	}
	s.addSet(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print an object with cells and tasks")
	return cmd
}

func printPlan(out io.Writer, p *plan.Plan) error {
	view := p.View()
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "STATE\tTASK\tWHAT\tWHY")
	for _, task := range view.Tasks {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", task.State, task.ID, task.Label, task.Reason)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	toRun := len(p.ToRun())
	_, err := fmt.Fprintf(out, "\n%s: %d cells, %d tasks: %d to run, %d reused\n",
		view.Experiment, len(view.Cells), len(view.Tasks), toRun, len(view.Tasks)-toRun)
	return err
}

// printJSON writes a value as indented JSON.
func printJSON(out io.Writer, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}
