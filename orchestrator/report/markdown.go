package report

import (
	"fmt"
	"io"
	"strings"

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
