package command

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/dustin/go-humanize/english"
	"github.com/spf13/cobra"

	"kizu/orchestrator/execute"
	"kizu/orchestrator/store"
)

func newGC(s *settings) *cobra.Command {
	var asJSON, remove bool
	cmd := &cobra.Command{
		Use:   "gc FILE...",
		Short: "List what none of the experiment files needs; with --delete, remove it",
		Long: `gc lists the artifacts, checkpoints and left-overs in the store that none of the
given experiment files needs, and removes them if --delete is given. Name every
experiment whose artifacts you want to keep. It waits for no run: while one uses
the store, it exits with code 3.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			found, err := collectGarbage(cmd.Context(), s, args, remove)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), found)
			}
			return found.print(cmd.OutOrStdout())
		},
	}
	cmd.Flags().BoolVar(&remove, "delete", false, "remove what is listed")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print an object with what is not needed")
	return cmd
}

// garbage is what gc found.
type garbage struct {
	Needed  int             `json:"needed"` // artifacts
	Garbage []store.Garbage `json:"garbage"`
	Bytes   int64           `json:"bytes"`
	Deleted bool            `json:"deleted"`
}

func collectGarbage(ctx context.Context, s *settings, files []string, remove bool) (found garbage, err error) {
	needed := map[string]bool{}
	st, err := s.existingStore()
	if err != nil {
		return found, err
	}
	for _, file := range files {
		study, err := openStudy(ctx, s, file)
		if err != nil {
			return found, err
		}
		for _, task := range study.plan.Tasks {
			needed[task.Kind+"/"+task.Key] = true
		}
	}
	found = garbage{Needed: len(needed), Garbage: []store.Garbage{}, Deleted: remove}
	if remove {
		if st, err = store.Open(st.Root()); err != nil {
			return found, err
		}
		st.UseLocks(s.text(setLocks))
		lock, err := st.LockIdle(ctx)
		if err != nil {
			return found, fmt.Errorf("a run is using the store: %w", err)
		}
		defer func() { err = errors.Join(err, lock.Release()) }()
	}
	list, err := st.Garbage(needed)
	if err != nil {
		return found, err
	}
	for _, each := range list {
		found.Garbage = append(found.Garbage, each)
		found.Bytes += each.Bytes
	}
	if remove {
		return found, st.Remove(list)
	}
	return found, nil
}

func (g garbage) print(out io.Writer) error {
	for _, each := range g.Garbage {
		fmt.Fprintf(out, "%-10s %10s  %s\n", each.What, execute.Bytes(each.Bytes), each.Name)
	}
	verb := "not needed; --delete removes them"
	if g.Deleted {
		verb = "removed"
	}
	_, err := fmt.Fprintf(out, "%d %s, %s, %s\n", len(g.Garbage), english.PluralWord(len(g.Garbage), "thing", ""), execute.Bytes(g.Bytes), verb)
	return err
}
