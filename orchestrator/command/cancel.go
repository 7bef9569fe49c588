package command

import (
	"context"
	"fmt"
	"io"

	"github.com/dustin/go-humanize/english"
	"github.com/spf13/cobra"

	"kizu/orchestrator/execute/slurm"
)

func newCancel(s *settings) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cancel FILE",
		Short: "End the experiment's jobs in Slurm's queue; what they have finished is kept",
		Args:  oneFile("cancel FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return cancelJobs(cmd.Context(), s, args[0], cmd.OutOrStdout())
		},
	}
	s.addSet(cmd)
	return cmd
}

// cancelJobs needs the experiment's name only: its photos may be gone.
func cancelJobs(ctx context.Context, s *settings, file string, out io.Writer) error {
	exp, _, err := s.experiment(file)
	if err != nil {
		return err
	}
	st, err := s.existingStore()
	if err != nil {
		return err
	}
	active, err := activeJobs(ctx, st, exp.Name)
	if err != nil {
		return err
	}
	if len(active) == 0 {
		_, err := fmt.Fprintf(out, "no job of %s is in the queue\n", exp.Name)
		return err
	}
	if err := slurm.Cancel(ctx, slurm.JobsOf(active)...); err != nil {
		return err
	}
	for _, submission := range active {
		fmt.Fprintf(out, "job %s is cancelled: %s\n", submission.Job, english.Plural(submission.Elements, "worker", ""))
	}
	return nil
}
