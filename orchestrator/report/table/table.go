// Package table lays tables of text out: on a terminal, in Markdown, in LaTeX.
package table

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fatih/color" // SGR sequences of terminals; MIT
)

// Table is a table of text.
type Table struct {
	Title   string
	Columns []Column
	Rows    [][]string
	Cut     int      // the column whose text is cut where the screen is too narrow
	Claims  []int    // rows that claim a difference
	Notes   []string // below the table, one sentence each
}

// Column is one column of a table.
type Column struct {
	Head    string
	Numeric bool // aligned to the right
	Extra   int  // 0: always shown; a narrow terminal leaves out the highest first
}

// InTitle and above are the extras of columns that repeat the title.
const InTitle = 4

// Fields that say how a row or its place in the table is.
const (
	None    = "–"
	Failed  = "failed"
	Missing = "missing" // not run yet
)

// Titled reports whether a column's number is the same in every row and stands in the title.
func (c Column) Titled() bool { return c.Extra >= InTitle }

// Column is the column with a head, to be changed; the table must have it.
func (t *Table) Column(head string) *Column {
	return &t.Columns[t.at(head)]
}

func (t *Table) at(head string) int {
	return slices.IndexFunc(t.Columns, func(c Column) bool { return c.Head == head })
}

// DropEmpty leaves those of some columns out that no row has anything in.
func (t *Table) DropEmpty(heads ...string) {
	for _, head := range heads {
		at := t.at(head)
		if slices.ContainsFunc(t.Rows, func(row []string) bool { return row[at] != None }) {
			continue
		}
		t.Columns = slices.Delete(t.Columns, at, at+1)
		for i, row := range t.Rows {
			t.Rows[i] = slices.Delete(row, at, at+1)
		}
	}
}

func (t *Table) heads() []string {
	var heads []string
	for _, c := range t.Columns {
		heads = append(heads, c.Head)
	}
	return heads
}

// Screen is where a table is printed.
type Screen struct {
	Width  int  // columns
	Colour bool // whether it takes SGR sequences; without, a table is plain text
}

// style writes text in one way, in as many columns as in any other.
type style func(text ...any) string

// styles are the few of tables: headings and what is claimed stand out, what is
// unfinished is coloured, what says little steps back.
type styles struct{ plain, heading, claim, failed, missing, quiet style }

func (s Screen) styles() styles {
	of := func(attributes ...color.Attribute) style {
		c := color.New(attributes...)
		if s.Colour {
			c.EnableColor()
		} else {
			c.DisableColor()
		}
		return c.Sprint
	}
	return styles{
		plain: fmt.Sprint, heading: of(color.Bold), claim: of(color.Bold),
		failed: of(color.FgRed), missing: of(color.FgYellow), quiet: of(color.Faint),
	}
}

// field chooses the style of a field of a row; names keep that of the row.
func (s styles) field(text string, column int, row style) style {
	switch {
	case column == 0:
	case text == Failed:
		return s.failed
	case text == Missing:
		return s.missing
	case text == None:
		return s.quiet
	}
	return row
}

// Unfinished writes a line about what is failed or missing.
func (s Screen) Unfinished(line string) string {
	if strings.HasPrefix(line, Failed) {
		return s.styles().failed(line)
	}
	return s.styles().missing(line)
}

// Paragraph writes a sentence in lines as wide as the screen; the one that all is about stands out.
func (s Screen) Paragraph(out *strings.Builder, text string, standsOut bool) {
	write := s.styles().plain
	if standsOut {
		write = s.styles().heading
	}
	for _, line := range Wrap(text, s.Width) {
		out.WriteString(write(line) + "\n")
	}
}
