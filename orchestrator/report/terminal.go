package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/mattn/go-runewidth" // columns that a text takes on a terminal; MIT
)

// Table prints the tables of both studies for people, in lines as wide as the
// screen at most where that is possible, and what is unfinished.
func (r *Report) Table(w io.Writer, screen Screen) error {
	var out strings.Builder
	r.writeGrids(&out, screen)
	if text := r.compared(); text != "" {
		out.WriteString("\n")
		for _, line := range wrap(text, screen.Width) {
			fmt.Fprintln(&out, line)
		}
	}
	if lines := r.unfinished(); len(lines) > 0 {
		out.WriteString("\n")
		for _, line := range lines {
			fmt.Fprintln(&out, screen.styles().unfinished(line)(line))
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// writeGrids writes the tables of both studies.
func (r *Report) writeGrids(out *strings.Builder, screen Screen) {
	for i, g := range r.grids() {
		if i > 0 {
			out.WriteString("\n")
		}
		g.writeText(out, screen)
	}
}

const (
	gap       = 2  // columns between columns
	leastName = 12 // the first column is cut no shorter
)

// writeText writes a grid in aligned columns. What does not fit is left out
// column by column, and the first column is cut; a note says so.
func (g grid) writeText(out *strings.Builder, screen Screen) {
	width, use := screen.Width, screen.styles()
	shown, omitted := g.fitting(width)
	widths := g.widths(shown)
	if over := sum(widths) - width; over > 0 {
		widths[0] = max(leastName, widths[0]-over)
	}
	for _, line := range wrap(g.title, width) {
		fmt.Fprintln(out, use.heading(line))
	}
	out.WriteString("\n")
	write := func(row []string, of style) {
		g.writeRow(out, row, shown, widths, func(i int) style { return use.field(row[i], i, of) })
	}
	write(g.heads(), use.heading)
	for i, row := range g.rows {
		of := use.plain
		if slices.Contains(g.claims, i) {
			of = use.claim
		}
		write(row, of)
	}
	notes := g.notes
	if len(omitted) > 0 {
		notes = append(notes, "not shown here: "+sentenceList(omitted))
	}
	for _, note := range notes {
		for _, line := range wrap(note, width) {
			fmt.Fprintln(out, use.quiet(line))
		}
	}
}

func (g grid) heads() []string {
	var heads []string
	for _, c := range g.columns {
		heads = append(heads, c.head)
	}
	return heads
}

// fitting chooses the columns that a line of the given width holds.
func (g grid) fitting(width int) (shown []int, omitted []string) {
	for i := range g.columns {
		shown = append(shown, i)
	}
	for sum(g.widths(shown)) > width {
		last := -1
		for at, i := range shown {
			if extra := g.columns[i].extra; extra > 0 && (last < 0 || extra > g.columns[shown[last]].extra) {
				last = at
			}
		}
		if last < 0 {
			break
		}
		omitted = append(omitted, g.columns[shown[last]].head)
		shown = append(shown[:last:last], shown[last+1:]...)
	}
	return shown, omitted
}

// widths of columns, each but the first with the gap before it.
func (g grid) widths(shown []int) []int {
	widths := make([]int, len(shown))
	for at, i := range shown {
		widths[at] = runewidth.StringWidth(g.columns[i].head)
		for _, row := range g.rows {
			widths[at] = max(widths[at], runewidth.StringWidth(row[i]))
		}
		if at > 0 {
			widths[at] += gap
		}
	}
	return widths
}

// writeRow writes a row; styleOf is that of a column's text, which takes as
// many columns in every style.
func (g grid) writeRow(out *strings.Builder, row []string, shown, widths []int, styleOf func(column int) style) {
	line, space := "", 0 // space is owed before the next text
	for at, i := range shown {
		room := widths[at]
		if at > 0 {
			space += gap
			room -= gap
		}
		text := runewidth.Truncate(printable(row[i]), room, "…")
		padding := room - runewidth.StringWidth(text)
		if g.columns[i].numeric {
			space, padding = space+padding, 0
		}
		if text != "" {
			line += strings.Repeat(" ", space) + styleOf(i)(text)
			space = 0
		}
		space += padding
	}
	fmt.Fprintln(out, line)
}

// printable takes the control characters out of a name, which could otherwise
// steer the terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return '�'
		}
		return r
	}, text)
}

// wrap breaks a text at spaces.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(printable(text)) {
		if line != "" && runewidth.StringWidth(line)+1+runewidth.StringWidth(word) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

func sum(widths []int) int {
	total := 0
	for _, w := range widths {
		total += w
	}
	return total
}
