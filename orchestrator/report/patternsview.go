package report

import (
	"html/template"

	"kizu/orchestrator/stage"
)

// patternsView is study 1 on the page.
type patternsView struct {
	Defect          string
	Show            int
	Seeds           int
	Prompt, Regular string // the instance prompt and the regularization images' prompt
	Galleries       []galleryView
	Quality         *gridView
	Plots           []plotView
	Neighbours      *galleryView
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

type galleryView struct {
	Heading, Text string
	Rows          []galleryRowView
}

type galleryRowView struct {
	Title, Detail string
	First         stripView
	More          []stripView // of further seeds
	Pair          []stripView // instead: strips that belong together
}

type stripView struct {
	Seed     int64
	ShowSeed bool
	State    state
	Done     bool
	Reason   string
	Tiles    []tileView
}

type tileView struct {
	URI         template.URL
	Title, Flag string
	Broken      bool
}

func (r *Report) patternsView(pictures *album) (*patternsView, error) {
	if len(r.patterns) == 0 {
		return nil, nil
	}
	study := r.plan.Experiment.Patterns
	view := &patternsView{Defect: study.Defect, Show: study.Show, Seeds: len(r.seeds())}
	for _, p := range r.patterns {
		if train := p.cells[0].Train; train != nil {
			spec := train.Spec.(stage.TrainLoRA)
			view.Prompt, view.Regular = spec.Instance.Prompt, spec.Class.Prompt
		}
		view.Exposures = append(view.Exposures, p.exposureRow())
	}
	for _, g := range r.patternGalleries() {
		view.Galleries = append(view.Galleries, g.view(pictures))
	}
	view.Quality = r.qualityGrid().view()
	if g, ok := r.neighbourGallery(); ok {
		neighbours := g.pairs(newAlbum(pairSide, r.plan.Set))
		view.Neighbours = &neighbours
	}
	var err error
	view.Plots, err = r.qualityPlots()
	return view, err
}

// pairs is the view of a gallery whose strips belong together, one above the
// other.
func (g gallery) pairs(pictures *album) galleryView {
	view := galleryView{Heading: g.heading, Text: g.text}
	for _, row := range g.rows {
		added := galleryRowView{Title: row.title, Detail: row.detail}
		for _, s := range row.strips {
			added.Pair = append(added.Pair, s.view(pictures))
		}
		view.Rows = append(view.Rows, added)
	}
	return view
}

func (p *pattern) exposureRow() exposureRow {
	row := exposureRow{
		Name: p.name, Baseline: p.recipe.Baseline, Done: len(p.runs) > 0, State: stateOfRow(p.cells),
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

// view reads the pictures of a gallery.
func (g gallery) view(pictures *album) galleryView {
	view := galleryView{Heading: g.heading, Text: g.text}
	for _, row := range g.rows {
		added := galleryRowView{Title: row.title, Detail: row.detail}
		for i, s := range row.strips {
			next := s.view(pictures)
			next.ShowSeed = len(row.strips) > 1
			if i == 0 {
				added.First = next
			} else {
				added.More = append(added.More, next)
			}
		}
		view.Rows = append(view.Rows, added)
	}
	return view
}

func (s strip) view(pictures *album) stripView {
	view := stripView{Seed: s.seed, State: s.state, Done: s.state == done, Reason: firstLine(s.reason)}
	for _, t := range s.tiles {
		thumbnail := pictures.of(t.path)
		next := tileView{URI: thumbnail.uri, Title: t.title, Flag: t.flag}
		if thumbnail.err != nil {
			next.Broken, next.Title = true, t.title+" cannot be read"
		}
		view.Tiles = append(view.Tiles, next)
	}
	return view
}
