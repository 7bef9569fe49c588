// Package table lays tables of text out: on a terminal, in Markdown, in LaTeX.
package table

import "slices"

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

// Titled reports whether a column's number is the same in every row and stands
// in the title.
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
