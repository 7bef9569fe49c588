package command

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"kizu/orchestrator/plan"
	"kizu/orchestrator/report/table"
)

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
