package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/dustin/go-humanize/english"
	"github.com/spf13/cobra"

	"kizu/orchestrator/store"
)

func newGC(s *settings) *cobra.Command {
	var asJSON, remove bool
	var forget []string
	cmd := &cobra.Command{
		Use:   "gc FILE...",
		Short: "List what none of the experiment files needs; with --delete, remove it",
		Long: `gc lists the artifacts, checkpoints and left-overs in the store that neither the
given experiment files need, as they are now, nor the latest run of any other
experiment or --set, and removes them if --delete is given. --forget NAME lets
what the runs of an experiment needed go. It waits for no run: while one uses the
store, it exits with code 3.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			found, err := collectGarbage(cmd.Context(), s, args, forget, remove)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), found)
			}
			return found.print(cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringArrayVar(&forget, "forget", nil, "do not keep what runs of the experiment called `name` needed; may be repeated")
	cmd.Flags().BoolVar(&remove, "delete", false, "remove what is listed")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print an object with what is not needed")
	return cmd
}

// garbage is what gc found.
type garbage struct {
	Needed  int             `json:"needed"` // artifacts
	Kept    []keptRun       `json:"kept"`   // needed by runs whose files were not given
	Garbage []store.Garbage `json:"garbage"`
	Bytes   int64           `json:"bytes"`
	Deleted bool            `json:"deleted"`
}

// keptRun is a run that the store remembers.
type keptRun struct {
	Experiment string    `json:"experiment"`
	Changes    []string  `json:"changes"`
	Time       time.Time `json:"time"`
	Artifacts  int       `json:"artifacts"`
}

func collectGarbage(ctx context.Context, s *settings, files, forget []string, remove bool) (found garbage, err error) {
	needed := map[string]bool{}
	st, err := s.existingStore()
	if err != nil {
		return found, err
	}
	var current []store.Needs
	for _, file := range files {
		planned, err := openPlanned(ctx, s, file)
		if err != nil {
			return found, err
		}
		current = append(current, planned.needs(time.Now()))
	}
	if remove {
		if st, err = store.Open(st.Root()); err != nil {
			return found, err
		}
		st.UseLocks(s.text(setLocks))
		lock, err := st.LockIdle(ctx)
		if err != nil {
			if errors.Is(err, store.ErrLocked) {
				err = fmt.Errorf("a run is using the store: %w", err)
			}
			return found, err
		}
		defer func() { err = errors.Join(err, lock.Release()) }()
	}
	kept, err := keptRuns(st, current, forget) // when no run can begin any more
	if err != nil {
		return found, err
	}
	for _, needs := range append(current, kept...) {
		for _, artifact := range needs.Artifacts {
			needed[artifact] = true
		}
	}
	found = garbage{Needed: len(needed), Kept: []keptRun{}, Garbage: []store.Garbage{}, Deleted: remove}
	for _, needs := range kept {
		found.Kept = append(found.Kept, keptRun{needs.Experiment, needs.Changes, needs.Time, len(needs.Artifacts)})
	}
	list, err := st.Garbage(needed)
	if err != nil {
		return found, err
	}
	for _, each := range list {
		found.Garbage = append(found.Garbage, each)
		found.Bytes += each.Bytes
	}
	if !remove {
		return found, nil
	}
	for _, name := range forget {
		if _, err := st.Forget(name); err != nil {
			return found, err
		}
	}
	return found, st.Remove(list)
}

// keptRuns are what runs needed of which no file is given, and which are not to
// be forgotten. A name that no run had is a mistake.
func keptRuns(st *store.Store, current []store.Needs, forget []string) ([]store.Needs, error) {
	remembered, err := st.Remembered()
	if err != nil {
		return nil, err
	}
	for _, name := range forget {
		if !slices.ContainsFunc(remembered, func(n store.Needs) bool { return n.Experiment == name }) {
			return nil, fmt.Errorf("--forget %s: no run of that name is remembered", name)
		}
	}
	return slices.DeleteFunc(remembered, func(n store.Needs) bool {
		return slices.Contains(forget, n.Experiment) || slices.ContainsFunc(current, n.SameRun)
	}), nil
}

func (g garbage) print(out io.Writer) error {
	for _, run := range g.Kept {
		name := run.Experiment
		for _, change := range run.Changes {
			name += " --set " + shellWord(change)
		}
		fmt.Fprintf(out, "kept: %d %s of the run of %s, %s; --forget %s lets them go\n", run.Artifacts,
			english.PluralWord(run.Artifacts, "artifact", ""), name, run.Time.Local().Format("2006-01-02 15:04"), run.Experiment)
	}
	for _, each := range g.Garbage {
		fmt.Fprintf(out, "%-10s %10s  %s\n", each.What, size(each.Bytes), each.Name)
	}
	verb := "not needed; --delete removes them"
	if g.Deleted {
		verb = "removed"
	}
	_, err := fmt.Fprintf(out, "%d %s, %s, %s\n", len(g.Garbage), english.PluralWord(len(g.Garbage), "thing", ""), size(g.Bytes), verb)
	return err
}
