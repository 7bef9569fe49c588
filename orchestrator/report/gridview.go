package report

import (
	"kizu/orchestrator/report/table"
)

// gridView is a grid on the page.
type gridView struct {
	Title string
	Heads []headView
	Rows  [][]fieldView
	Notes []string
}

type headView struct {
	Text    string
	Numeric bool
}

type fieldView struct {
	Text, Label string
	Numeric     bool
}

// view lays a grid out for the page, which has room for every column that the
// title does not say.
func viewOf(g table.Table) *gridView {
	view := &gridView{Title: g.Title, Notes: g.Notes}
	for _, c := range g.Columns {
		if !c.Titled() {
			view.Heads = append(view.Heads, headView{c.Head, c.Numeric})
		}
	}
	for _, row := range g.Rows {
		var fields []fieldView
		for i, text := range row {
			if c := g.Columns[i]; !c.Titled() {
				fields = append(fields, fieldView{text, c.Head, c.Numeric})
			}
		}
		view.Rows = append(view.Rows, fields)
	}
	return view
}
