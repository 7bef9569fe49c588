package table

import (
	"fmt"
	"strings"
)

// WriteLaTeX writes a table for a paper that uses the packages booktabs and
// graphicx.
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
