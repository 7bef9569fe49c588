package report

import (
	"fmt"
	"io"
	"strings"

	"kizu/orchestrator/report/table"
)

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
