package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"kizu/orchestrator/experiment"
	"kizu/orchestrator/report/table"
)

// writeMarkdown writes report.md, for GitHub.
func (r *Report) writeMarkdown(w io.Writer) error {
	var out strings.Builder
	exp := r.plan.Experiment
	fmt.Fprintf(&out, "# %s\n", table.MarkdownText(exp.Name))
	if exp.Question != "" {
		fmt.Fprintf(&out, "\n**%s**\n", table.MarkdownText(exp.Question))
	}
	for _, line := range r.verdict.lines() {
		fmt.Fprintf(&out, "\n%s\n", table.MarkdownText(line))
	}
	out.WriteString("\n")
	for _, sentence := range r.answer() {
		fmt.Fprintf(&out, "- %s\n", table.MarkdownText(sentence))
	}
	for _, g := range r.grids() {
		g.WriteMarkdown(&out)
	}
	r.writeMarkdownSheets(&out)
	if lines := r.unfinished(); len(lines) > 0 {
		out.WriteString("\n## Not finished\n\n")
		for _, line := range lines {
			fmt.Fprintf(&out, "- %s\n", table.MarkdownText(line))
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// writeMarkdownSheets shows the first pictures of every pattern and class.
func (r *Report) writeMarkdownSheets(out *strings.Builder) {
	sheets := r.sheets()
	if len(sheets) == 0 {
		return
	}
	out.WriteString("\n## Images\n\nThe first of each row, none picked" + r.picked() + ".\n\n| | |\n| --- | --- |\n")
	for _, s := range sheets {
		title := table.MarkdownText(s.Title)
		fmt.Fprintf(out, "| %s | ![%s](%s/%s) |\n", title, title, galleryFolder, s.File)
	}
}

// writeLaTeX writes tables.tex: every table for \input into a paper that uses
// the packages booktabs and graphicx.
func (r *Report) writeLaTeX(w io.Writer) error {
	var out strings.Builder
	fmt.Fprintf(&out, "%% Tables of experiment %s, written by kizu; needs \\usepackage{booktabs,graphicx}.\n",
		strings.ReplaceAll(r.plan.Experiment.Name, "\n", " "))
	for _, g := range r.grids() {
		g.WriteLaTeX(&out)
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// Table prints the tables of both studies for people, in lines as wide as the
// screen at most where that is possible, and what is unfinished.
func (r *Report) Table(w io.Writer, screen table.Screen) error {
	var out strings.Builder
	for i, line := range r.verdict.lines() {
		screen.Paragraph(&out, line, i == 0)
	}
	if r.verdict != nil {
		out.WriteString("\n")
	}
	r.writeGrids(&out, screen)
	if text := r.compared(); text != "" {
		out.WriteString("\n")
		screen.Paragraph(&out, text, false)
	}
	if lines := r.unfinished(); len(lines) > 0 {
		out.WriteString("\n")
		for _, line := range lines {
			fmt.Fprintln(&out, screen.Unfinished(line))
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// writeGrids writes the tables of both studies.
func (r *Report) writeGrids(out *strings.Builder, screen table.Screen) {
	for i, g := range r.grids() {
		if i > 0 {
			out.WriteString("\n")
		}
		g.WriteText(out, screen)
	}
}

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
