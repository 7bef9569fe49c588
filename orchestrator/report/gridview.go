package report

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
func (g grid) view() *gridView {
	view := &gridView{Title: g.title, Notes: g.notes}
	for _, c := range g.columns {
		if !c.titled() {
			view.Heads = append(view.Heads, headView{c.head, c.numeric})
		}
	}
	for _, row := range g.rows {
		var fields []fieldView
		for i, text := range row {
			if c := g.columns[i]; !c.titled() {
				fields = append(fields, fieldView{text, c.head, c.numeric})
			}
		}
		view.Rows = append(view.Rows, fields)
	}
	return view
}
