package command

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"kizu/orchestrator/report"
)

func newReport(s *settings) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "report FILE",
		Short: "Write the tables and the page from what the store has, without Python",
		Args:  oneFile("report FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			study, err := openStudy(s, args[0])
			if err != nil {
				return err
			}
			r, err := report.Collect(study.plan, study.store, nil)
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			if asJSON {
				return r.JSON(out)
			}
			dir := study.store.Reports(study.plan.Experiment.Name)
			if err := r.Write(dir); err != nil {
				return err
			}
			width := terminalWidth(out)
			if width == 0 {
				width = 100
			}
			if err := r.Table(out, width); err != nil {
				return err
			}
			_, err = fmt.Fprintf(out, "\npage: %s\n", filepath.Join(dir, "report.html"))
			return err
		},
	}
	s.addSet(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print results.json instead of writing files")
	return cmd
}
