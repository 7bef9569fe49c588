package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"kizu/orchestrator/experiment"
)

// writeCSV writes results.csv: one row for each cell and metric. A cell without
// a result has its first metric with an empty value, so that it is not
// overlooked; pandas reads that as NaN. Names are as spreadsheets take for text.
func (r *Report) writeCSV(w io.Writer) error {
	table := csv.NewWriter(w)
	rows := [][]string{{"experiment", "study", "name", "seed", "metric", "value"}}
	for _, c := range r.cells {
		row := func(name, value string) {
			rows = append(rows, []string{r.plan.Experiment.Name, c.Study, spreadsheetText(c.Name), fmt.Sprint(c.Seed), name, value})
		}
		for _, m := range c.metrics {
			row(m.name, strconv.FormatFloat(m.value, 'g', -1, 64))
		}
		switch {
		case c.state == done:
		case c.Study == experiment.Generation:
			row("n_images", "")
		case c.Detect != nil:
			row("auroc", "")
		default:
			row("accuracy", "")
		}
	}
	return table.WriteAll(rows)
}

// spreadsheetText keeps a spreadsheet from computing a name that looks like a
// formula: it gets an apostrophe before it (owasp.org, "CSV Injection").
func spreadsheetText(name string) string {
	if name != "" && strings.ContainsRune("=+-@\t\r", rune(name[0])) {
		return "'" + name
	}
	return name
}
