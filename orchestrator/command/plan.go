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
		Use:   "plan FILE…",
		Short: "Show what a run would do: every cell and task, run or reused",
		Args:  someFiles("plan FILE…"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.forEach(cmd.Context(), args, cmd.ErrOrStderr(), func(file string) error {
				planned, err := openPlanned(cmd.Context(), s, file)
				if err != nil {
					return err
				}
				planned.sayPhotos(cmd.ErrOrStderr())
				if roles {
					return printRoles(cmd.OutOrStdout(), planned.plan, asJSON)
				}
				return planned.show(cmd.OutOrStdout(), s, asJSON)
			})
		},
	}
	s.addEach(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print an object with cells and tasks; with --roles a list of photos")
	cmd.Flags().BoolVar(&roles, "roles", false, "print for each photo what it is used for, and nothing else")
	return cmd
}

// show prints a plan and what it will cost.
func (p *planned) show(out io.Writer, s *settings, asJSON bool) error {
	if asJSON {
		return printJSON(out, struct {
			plan.View
			Forecast plan.Forecast `json:"forecast"`
		}{p.plan.View(), p.forecast(s)})
	}
	if err := printPlan(out, p.plan, planScreen(out)); err != nil {
		return err
	}
	return printForecast(out, p.forecast(s))
}

// printJSON writes a value as indented JSON.
func printJSON(out io.Writer, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}
