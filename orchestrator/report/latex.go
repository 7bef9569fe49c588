package report

import (
	"fmt"
	"io"
	"strings"
)

// writeLaTeX writes tables.tex: every table for \input into a paper that uses
// the packages booktabs and graphicx.
func (r *Report) writeLaTeX(w io.Writer) error {
	var out strings.Builder
	fmt.Fprintf(&out, "%% Tables of experiment %s, written by kizu; needs \\usepackage{booktabs,graphicx}.\n",
		strings.ReplaceAll(r.plan.Experiment.Name, "\n", " "))
	for _, g := range r.grids() {
		g.writeLaTeX(&out)
	}
	_, err := io.WriteString(w, out.String())
	return err
}

func (g grid) writeLaTeX(out *strings.Builder) {
	alignment := ""
	for _, c := range g.columns {
		switch {
		case c.titled():
		case c.numeric:
			alignment += "r"
		default:
			alignment += "l"
		}
	}
	fmt.Fprintf(out, "\n\\begin{table}\n  \\centering\\small\n  \\caption{%s.}\n", latexText(g.title))
	fmt.Fprintf(out, "  %s{\\begin{tabular}{%s}\n    \\toprule\n", toLine, alignment)
	g.writeLaTeXRow(out, g.heads())
	out.WriteString("    \\midrule\n")
	for _, row := range g.rows {
		g.writeLaTeXRow(out, row)
	}
	out.WriteString("    \\bottomrule\n  \\end{tabular}}\n")
	for _, note := range g.notes {
		fmt.Fprintf(out, "\n  \\smallskip\\footnotesize %s.\n", latexText(note))
	}
	out.WriteString("\\end{table}\n")
}

// toLine shrinks a table that is wider than the text, and no other.
const toLine = `\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}`

func (g grid) writeLaTeXRow(out *strings.Builder, row []string) {
	var cells []string
	for i, text := range row {
		if !g.columns[i].titled() {
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
