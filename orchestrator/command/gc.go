package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/dustin/go-humanize/english"
	"github.com/mattn/go-runewidth"
	"github.com/spf13/cobra"

	"kizu/orchestrator/report/table"
	"kizu/orchestrator/shell"
	"kizu/orchestrator/store"
)

func newGC(s *settings) *cobra.Command {
	var asJSON, remove bool
	var forget []string
	cmd := &cobra.Command{
		Use:   "gc FILE…",
		Short: "List what none of the experiment files needs; with --delete, remove it",
		Long: `gc lists the artifacts, checkpoints and left-overs in the store that neither the
given experiment files need, as they are now, nor the latest run of any other
experiment or --set, and removes them if --delete is given. --forget NAME lets
what the runs of an experiment needed go. It waits for no run: while one uses the
store, it exits with code 3.`,
		Args: someFiles("gc FILE…"),
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
	s.addEach(cmd)
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
	File       string    `json:"file,omitempty"`
	Changes    []string  `json:"changes"`
	Time       time.Time `json:"time"`
	Artifacts  int       `json:"artifacts"`
}

func collectGarbage(ctx context.Context, s *settings, files, forget []string, remove bool) (garbage, error) {
	st, err := s.existingStore()
	if err != nil {
		return garbage{}, err
	}
	var current []store.Needs
	studies, err := s.studies(files)
	if err != nil {
		return garbage{}, err
	}
	for _, each := range studies {
		s.changes = each.changes
		planned, err := openPlanned(ctx, s, each.file)
		if err != nil {
			return garbage{}, err
		}
		current = append(current, planned.needs(time.Now()))
	}
	var found store.Collection
	if !remove {
		found, err = st.Uncollected(current, forget)
	} else if st, err = store.Open(st.Root()); err == nil {
		st.UseLocks(s.text(setLocks))
		found, err = st.Collect(ctx, current, forget)
	}
	var unknown *store.UnknownRunError
	switch {
	case errors.Is(err, store.ErrLocked):
		return garbage{}, fmt.Errorf("a run is using the store: %w", err)
	case errors.As(err, &unknown):
		return garbage{}, fmt.Errorf("--forget %s: no run of that name is remembered", unknown.Experiment)
	case err != nil:
		return garbage{}, err
	}
	return garbageOf(found, remove), nil
}

func garbageOf(found store.Collection, deleted bool) garbage {
	g := garbage{Needed: found.Needed, Kept: []keptRun{}, Garbage: append([]store.Garbage{}, found.Garbage...), Deleted: deleted}
	for _, needs := range found.Kept {
		g.Kept = append(g.Kept, keptRun{needs.Experiment, needs.File, needs.Changes, needs.Time, len(needs.Artifacts)})
	}
	for _, each := range found.Garbage {
		g.Bytes += each.Bytes
	}
	return g
}

func (g garbage) print(out io.Writer) error {
	for _, run := range g.Kept {
		name := run.Experiment
		if run.File != "" {
			name += ", " + shell.Word(run.File)
		}
		for _, change := range run.Changes {
			name += " --set " + shell.Word(change)
		}
		line := fmt.Sprintf("kept: %d %s of the run of %s, %s; --forget %s lets them go", run.Artifacts,
			english.PluralWord(run.Artifacts, "artifact", ""), name, run.Time.Local().Format("2006-01-02 15:04"), run.Experiment)
		fmt.Fprintln(out, strings.Join(table.Wrap(line, planScreen(out).Width-2), "\n  "))
	}
	for _, each := range g.Garbage {
		head := fmt.Sprintf("%-10s %10s  ", each.What, size(each.Bytes))
		fmt.Fprintln(out, head+runewidth.Truncate(each.Name, planScreen(out).Width-len(head), "…"))
	}
	verb := "not needed; --delete removes them"
	if g.Deleted {
		verb = "removed"
	}
	_, err := fmt.Fprintf(out, "%d %s, %s, %s\n", len(g.Garbage), english.PluralWord(len(g.Garbage), "thing", ""), size(g.Bytes), verb)
	return err
}
