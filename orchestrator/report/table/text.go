package table

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english" // lists and plurals; MIT
	"github.com/mattn/go-runewidth"         // columns that a text takes on a terminal; MIT
)

const (
	gap       = 2  // columns between columns
	leastName = 12 // a column is cut no shorter
	mayLose   = 2  // what it is cut by before another is left out
)

// WriteText writes a table for people, in lines as wide as the screen at most
// where that is possible: in aligned columns. What does not fit is left out
// column by column, which a note says, and one column is cut.
func (t *Table) WriteText(out *strings.Builder, screen Screen) {
	width, use := screen.Width, screen.styles()
	shown, omitted := t.fitting(width)
	widths := t.widths(shown)
	if over := sum(widths) - width; over > 0 {
		widths[t.Cut] = max(leastName, widths[t.Cut]-over)
	}
	if t.Title != "" {
		for _, line := range Wrap(t.Title, width) {
			fmt.Fprintln(out, use.heading(line))
		}
		out.WriteString("\n")
	}
	write := func(row []string, of style) {
		t.writeRow(out, row, shown, widths, func(i int) style { return use.field(row[i], i, of) })
	}
	write(t.heads(), use.heading)
	for i, row := range t.Rows {
		of := use.plain
		if slices.Contains(t.Claims, i) {
			of = use.claim
		}
		write(row, of)
	}
	var notes []string
	for _, note := range t.Notes {
		notes = append(notes, t.withoutOrphans(note, omitted)...)
	}
	if len(omitted) > 0 {
		notes = append(notes, "not shown here: "+english.WordSeries(omitted, "and"))
	}
	for _, note := range notes {
		for _, line := range Wrap(note, width) {
			fmt.Fprintln(out, use.quiet(line))
		}
	}
}

// withoutOrphans leaves the clauses out of a note that explain a column which is not shown, by
// its head in quotes; and all of one that explains no other.
func (t *Table) withoutOrphans(note string, omitted []string) []string {
	explains := func(clause string, is bool) bool {
		return slices.ContainsFunc(t.heads(), func(head string) bool {
			return slices.Contains(omitted, head) == is && strings.Contains(clause, "“"+head+"”")
		})
	}
	all := strings.Split(note, "; ")
	shown := slices.DeleteFunc(slices.Clone(all), func(clause string) bool { return explains(clause, true) })
	if text := strings.Join(shown, "; "); len(shown) == len(all) || explains(text, false) {
		return []string{text}
	}
	return nil
}

// fitting chooses the columns that a line of the given width holds.
func (t *Table) fitting(width int) (shown []int, omitted []string) {
	for i := range t.Columns {
		shown = append(shown, i)
	}
	spare := 0
	if t.widths([]int{t.Cut})[0] >= leastName+mayLose {
		spare = mayLose
	}
	for sum(t.widths(shown))-spare > width {
		last := -1
		for at, i := range shown {
			if extra := t.Columns[i].Extra; extra > 0 && (last < 0 || extra > t.Columns[shown[last]].Extra) {
				last = at
			}
		}
		if last < 0 {
			break
		}
		omitted = append(omitted, t.Columns[shown[last]].Head)
		shown = append(shown[:last:last], shown[last+1:]...)
	}
	return shown, omitted
}

// widths of columns, each but the first with the gap before it.
func (t *Table) widths(shown []int) []int {
	widths := make([]int, len(shown))
	for at, i := range shown {
		widths[at] = runewidth.StringWidth(t.Columns[i].Head)
		for _, row := range t.Rows {
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
func (t *Table) writeRow(out *strings.Builder, row []string, shown, widths []int, styleOf func(column int) style) {
	line, space := "", 0 // space is owed before the next text
	for at, i := range shown {
		room := widths[at]
		if at > 0 {
			space += gap
			room -= gap
		}
		text := runewidth.Truncate(Printable(row[i]), room, "…")
		padding := room - runewidth.StringWidth(text)
		if t.Columns[i].Numeric {
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

// Printable takes the control characters out of a name, which could otherwise steer the terminal.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return '�'
		}
		return r
	}, text)
}

// Wrap breaks a text at spaces.
func Wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(Printable(text)) {
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
