package report

import (
	"kizu/orchestrator/report/gallery"
	"kizu/orchestrator/report/table"
	"kizu/orchestrator/stage"
)

// pairSide is the most pixels of pictures that the page shows a second time.
const pairSide = 112

// patternsView is study 1 on the page.
type patternsView struct {
	Defect          string
	Show            int
	Picked          string // but by what
	Seeds           int
	Prompt, Regular string // the instance prompt and the regularization images' prompt
	Galleries       []*gallery.View
	Quality         *gridView
	Judged          *gridView
	Plots           []plotView
	Neighbours      *gallery.View
	Exposures       []exposureRow
}

// exposureRow says how a pattern's training used its images.
type exposureRow struct {
	Name           string
	Baseline, Done bool
	State          state
	Defects        int
	Steps          int
	Instance       string // exposures of each defect image
	Given, Used    int    // regularization images
	Unused         int
	Class          string // exposures of each of them
	Loss           string
	Images         int
	Blank          int
	Saturated, NaN int
}

func (r *Report) patternsView(pictures *gallery.Album) (view *patternsView, err error) {
	if len(r.patterns) == 0 {
		return nil, nil
	}
	study := r.plan.Experiment.Patterns
	view = &patternsView{Defect: study.Defect, Show: study.Show, Picked: r.picked(), Seeds: len(r.plan.Experiment.Patterns.Seeds)}
	for _, p := range r.patterns {
		if train := p.cells[0].Train; train != nil {
			spec := train.Spec.(stage.TrainLoRA)
			view.Prompt, view.Regular = spec.Instance.Prompt, spec.Class.Prompt
		}
		view.Exposures = append(view.Exposures, p.exposureRow())
	}
	for _, g := range r.patternGalleries() {
		view.Galleries = append(view.Galleries, g.View(pictures))
	}
	view.Quality = viewOf(r.qualityGrid())
	view.Judged, view.Neighbours = viewOf(r.patternsJudged()), r.neighbourGallery().Pairs(pictures.Smaller(pairSide))
	view.Plots, err = r.qualityPlots()
	return view, err
}

func (p *pattern) exposureRow() exposureRow {
	row := exposureRow{
		Name: p.name, Baseline: !p.recipe.Trains(), Done: len(p.runs) > 0, State: stateOfRow(p.cells),
		Defects: p.recipe.DefectImages, Steps: p.recipe.Steps, Given: p.recipe.RegularizationImages,
		Images: p.images, Blank: p.flags.blank, Saturated: p.flags.saturated, NaN: p.flags.nan,
		Loss: overSeeds(p.loss),
	}
	if e, ok := p.exposures(); ok {
		row.Instance, row.Used, row.Class = e.instance.String(), e.distinct, e.class.String()
		row.Unused = e.intended - e.distinct
	}
	return row
}

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

// viewOf lays a grid out for the page, which has room for every column that the
// title does not say; nil for one without rows.
func viewOf(g table.Table) *gridView {
	if len(g.Rows) == 0 {
		return nil
	}
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
