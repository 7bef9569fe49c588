package command

import (
	"encoding/json"
	"io"

	"github.com/spf13/cobra"

	"kizu/orchestrator/plan"
)

func newPlan(s *settings) *cobra.Command {
	var asJSON, roles bool
	cmd := &cobra.Command{
		Use:   "plan FILE",
		Short: "Show what a run would do: every cell and task, run or reused",
		Args:  oneFile("plan FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			planned, err := openPlanned(cmd.Context(), s, args[0])
			if err != nil {
				return err
			}
			planned.sayPhotos(cmd.ErrOrStderr())
			if roles {
				return printRoles(cmd.OutOrStdout(), planned.plan, asJSON)
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), struct {
					plan.View
					Forecast plan.Forecast `json:"forecast"`
				}{planned.plan.View(), planned.forecast(s)})
			}
			if err := printPlan(cmd.OutOrStdout(), planned.plan, planScreen(cmd.OutOrStdout())); err != nil {
				return err
			}
			return printForecast(cmd.OutOrStdout(), planned.forecast(s))
		},
	}
	s.addSet(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print an object with cells and tasks; with --roles a list of photos")
	cmd.Flags().BoolVar(&roles, "roles", false, "print for each photo what it is used for, and nothing else")
	return cmd
}

// printJSON writes a value as indented JSON.
func printJSON(out io.Writer, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}
