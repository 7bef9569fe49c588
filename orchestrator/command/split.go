package command

import (
	"encoding/csv"

	"github.com/spf13/cobra"
)

func newSplit(s *settings) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "split FILE",
		Short: "Print which photos are tested on, as a table that conditions.test can list",
		Long: `split prints the photos that are tested on, by their paths below the dataset's
root and their classes. Kept as a file and named under conditions.test, as
{list: test.csv}, they stay those that are tested on, whatever photos are added.`,
		Args: oneFile("split FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			planned, err := openPlanned(cmd.Context(), s, args[0])
			if err != nil {
				return err
			}
			p := planned.plan
			return csv.NewWriter(cmd.OutOrStdout()).WriteAll(p.Division.Rows(p.Experiment.Dataset.Classes()))
		},
	}
	s.addSet(cmd)
	return cmd
}
