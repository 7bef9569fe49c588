package command

import (
	"fmt"
	"io"
	"text/tabwriter"

	"kizu/orchestrator/plan"
)

// printRoles prints a line for each photo: what it is used for.
func printRoles(out io.Writer, p *plan.Plan, asJSON bool) error {
	photos := p.Roles()
	if asJSON {
		return printJSON(out, photos)
	}
	part, column := func(plan.PhotoRoles) string { return "" }, ""
	if p.Set.Parted {
		part, column = func(photo plan.PhotoRoles) string { return photo.Part + "\t" }, "PART\t"
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "PHOTO\tCLASS\t%sUSED FOR\n", column)
	for _, photo := range photos {
		fmt.Fprintf(w, "%s\t%s\t%s%s\n", photo.Photo, photo.Class, part(photo), photo.Text())
	}
	return w.Flush()
}
