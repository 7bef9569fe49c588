package table

import (
	"fmt"
	"strings"
)

// WriteLaTeX writes a table for a paper that uses the packages booktabs and graphicx.
func (t *Table) WriteLaTeX(out *strings.Builder) {
	alignment := ""
	for _, c := range t.Columns {
		switch {
		case c.Titled():
		case c.Numeric:
			alignment += "r"
		default:
			alignment += "l"
		}
	}
	fmt.Fprintf(out, "\n\\begin{table}\n  \\centering\\small\n  \\caption{%s.}\n", latexText(t.Title))
	fmt.Fprintf(out, "  %s{\\begin{tabular}{%s}\n    \\toprule\n", toLine, alignment)
	t.writeLaTeXRow(out, t.heads())
	out.WriteString("    \\midrule\n")
	for _, row := range t.Rows {
		t.writeLaTeXRow(out, row)
	}
	out.WriteString("    \\bottomrule\n  \\end{tabular}}\n")
	for _, note := range t.Notes {
		fmt.Fprintf(out, "\n  \\smallskip\\footnotesize %s.\n", latexText(note))
	}
	out.WriteString("\\end{table}\n")
}

// toLine shrinks a table that is wider than the text, and no other.
const toLine = `\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}`

func (t *Table) writeLaTeXRow(out *strings.Builder, row []string) {
	var cells []string
	for i, text := range row {
		if !t.Columns[i].Titled() {
			cells = append(cells, latexText(text))
		}
	}
	fmt.Fprintf(out, "    %s \\\\\n", strings.Join(cells, " & "))
}

// latexText escapes TeX's special characters and writes this program's own
// typographic ones as commands.
var latexText = strings.NewReplacer(
	`\`, `\textbackslash{}`, `{`, `\{`, `}`, `\}`, `$`, `\$`, `&`, `\&`, `#`, `\#`, `%`, `\%`, `_`, `\_`,
	`^`, `\textasciicircum{}`, `~`, `\textasciitilde{}`, `<`, `\textless{}`, `>`, `\textgreater{}`,
	"±", `$\pm$`, "×", `$\times$`, "−", `$-$`, "–", "--", "“", "``", "”", "''", "’", "'", "\n", " ", "\r", " ",
).Replace

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
