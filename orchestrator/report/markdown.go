package report

import (
	"fmt"
	"io"
	"strings"
)

// writeMarkdown writes report.md, for GitHub.
func (r *Report) writeMarkdown(w io.Writer) error {
	var out strings.Builder
	exp := r.plan.Experiment
	fmt.Fprintf(&out, "# %s\n", markdownText(exp.Name))
	if exp.Question != "" {
		fmt.Fprintf(&out, "\n**%s**\n", markdownText(exp.Question))
	}
	out.WriteString("\n")
	for _, sentence := range r.answer() {
		fmt.Fprintf(&out, "- %s\n", markdownText(sentence))
	}
	for _, g := range r.grids() {
		g.writeMarkdown(&out)
	}
	r.writeMarkdownSheets(&out)
	if lines := r.unfinished(); len(lines) > 0 {
		out.WriteString("\n## Not finished\n\n")
		for _, line := range lines {
			fmt.Fprintf(&out, "- %s\n", markdownText(line))
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
	out.WriteString("\n## Images\n\nThe first of each row, none picked.\n\n| | |\n| --- | --- |\n")
	for _, s := range sheets {
		title := markdownText(s.title)
		fmt.Fprintf(out, "| %s | ![%s](%s/%s) |\n", title, title, galleryFolder, s.file)
	}
}

func (g grid) writeMarkdown(out *strings.Builder) {
	fmt.Fprintf(out, "\n## %s\n\n", markdownText(g.title))
	rule := make([]string, len(g.columns))
	for i, c := range g.columns {
		rule[i] = "---"
		if c.numeric {
			rule[i] = "---:"
		}
	}
	for _, row := range append([][]string{g.heads(), rule}, g.rows...) {
		cells := make([]string, len(row))
		for i, text := range row {
			cells[i] = markdownText(text)
			if text == rule[i] {
				cells[i] = text
			}
		}
		fmt.Fprintf(out, "| %s |\n", strings.Join(cells, " | "))
	}
	for _, note := range g.notes {
		fmt.Fprintf(out, "\n%s.\n", markdownText(note))
	}
}

// markdownText escapes what Markdown or HTML would take for markup, and keeps
// a text on its line and in its table cell.
var markdownText = func() func(string) string {
	var pairs []string
	for _, c := range "\\`*_[]<>|#~" {
		pairs = append(pairs, string(c), "\\"+string(c))
	}
	pairs = append(pairs, "&", "&amp;", "\r", " ", "\n", " ")
	return strings.NewReplacer(pairs...).Replace
}()
