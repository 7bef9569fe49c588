package command

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize" // sizes and plurals; MIT
	"github.com/spf13/cobra"

	"kizu/orchestrator/plan"
	"kizu/orchestrator/report/table"
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

// printRoles prints a line for each photo: what it is used for, or which photo before it
// is used for the same. Only what is said first may take several lines.
func printRoles(out io.Writer, p *plan.Plan, asJSON bool) error {
	photos := p.Roles()
	if asJSON {
		return printJSON(out, photos)
	}
	head := []string{"PHOTO", "CLASS", "USED FOR"}
	if p.Set.Parted {
		head = []string{"PHOTO", "CLASS", "PART", "USED FOR"}
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(fields ...string) {
		fmt.Fprintln(w, strings.Join(fields, "\t"))
	}
	row(head...)
	first := map[string]string{} // photo of a use
	for _, photo := range photos {
		text := photo.Text()
		if same := first[text]; same != "" && len(text) > screenColumns/2 {
			text = "as " + same
		} else {
			first[text] = photo.Photo
		}
		fields := []string{table.Printable(photo.Photo), photo.Class, table.Printable(photo.Part)}[:len(head)-1]
		for i, line := range table.Wrap(text, screenColumns/2) {
			if i > 0 {
				fields = make([]string, len(fields))
			}
			row(append(fields, line)...)
		}
	}
	return w.Flush()
}

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

// forecast estimates what is to be run, on the devices that are set.
func (p *planned) forecast(s *settings) plan.Forecast {
	return p.plan.Forecast(p.plan.ToRun(), p.store.Host(), s.devices())
}

// printForecast says how long a run will take, and what it goes by.
func printForecast(out io.Writer, f plan.Forecast) error {
	var known []string
	for _, kind := range f.Kinds {
		if kind.From > 0 {
			known = append(known, fmt.Sprintf("%d %s", kind.From, kind.Kind))
		}
	}
	if len(known) > 0 {
		fmt.Fprintf(out, "about %s of one device and %s of disk, going by the latest %s here\n",
			plan.Short(time.Duration(f.Seconds*float64(time.Second))), size(f.Bytes), strings.Join(known, ", "))
	}
	unknown := f.Unknown()
	if len(unknown) == 0 {
		return nil
	}
	_, err := fmt.Fprintf(out, "no estimate for %s: none has run here yet\n", strings.Join(unknown, ", "))
	return err
}

// size writes a number of bytes, a GB being 10⁹ of them as on disks.
func size(n int64) string { return humanize.Bytes(uint64(max(0, n))) }
