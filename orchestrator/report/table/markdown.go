package table

import (
	"fmt"
	"strings"
)

// WriteMarkdown writes a table as GitHub shows it, under its title.
func (t *Table) WriteMarkdown(out *strings.Builder) {
	fmt.Fprintf(out, "\n## %s\n\n", MarkdownText(t.Title))
	rule := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		rule[i] = "---"
		if c.Numeric {
			rule[i] = "---:"
		}
	}
	for _, row := range append([][]string{t.heads(), rule}, t.Rows...) {
		cells := make([]string, len(row))
		for i, text := range row {
			cells[i] = MarkdownText(text)
			if text == rule[i] {
				cells[i] = text
			}
		}
		fmt.Fprintf(out, "| %s |\n", strings.Join(cells, " | "))
	}
	for _, note := range t.Notes {
		fmt.Fprintf(out, "\n%s.\n", MarkdownText(note))
	}
}

// MarkdownText escapes what Markdown or HTML would take for markup, and keeps
// a text on its line and in its table cell.
var MarkdownText = func() func(string) string {
	var pairs []string
	for _, c := range "\\`*_[]<>|#~" {
		pairs = append(pairs, string(c), "\\"+string(c))
	}
	pairs = append(pairs, "&", "&amp;", "\r", " ", "\n", " ")
	return strings.NewReplacer(pairs...).Replace
}()
