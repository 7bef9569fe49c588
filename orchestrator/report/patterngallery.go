package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/experiment"
	"kizu/orchestrator/report/gallery"
	"kizu/orchestrator/stage"
)

// patternGalleries shows study 1: the patterns of the usual number of steps
// beside real photos, and every series of step counts.
func (r *Report) patternGalleries() []gallery.Gallery {
	if len(r.patterns) == 0 {
		return nil
	}
	start := "The images of a column start from the same noise. "
	if len(r.mostPhotos(stage.Source)) > 0 {
		start = "The images of a column start from the same photo, the second row, with the same noise. "
	}
	first := gallery.Gallery{
		Heading: "Patterns beside real photos",
		Text:    start + "They are the first of their pattern: none was picked" + r.picked() + ", none replaced.",
		Rows:    r.realRows(),
	}
	var series []gallery.Gallery
	shown := map[string]bool{}
	for _, p := range r.patterns {
		members := r.stepSeries(p)
		if !p.recipe.Trains() || p.recipe.Steps == r.plan.Experiment.LoRA.Steps || len(members) == 1 {
			first.Rows = append(first.Rows, r.patternRows(p, p.name)...)
			continue
		}
		if key := withoutSteps(p); !shown[key] {
			shown[key] = true
			series = append(series, r.seriesGallery(members))
		}
	}
	return append([]gallery.Gallery{first}, series...)
}

// realRows shows the photos that train the LoRAs, and those that images start from.
func (r *Report) realRows() (rows []gallery.Row) {
	study, good := r.plan.Experiment.Patterns, r.plan.Experiment.Dataset.Good
	if learnt := r.mostPhotos(stage.Instance); len(learnt) > 0 {
		rows = append(rows, gallery.Row{
			Name:   "real " + study.Defect,
			Title:  "Real: " + study.Defect,
			Detail: fmt.Sprintf("the first %d of the %s that train the LoRAs", min(study.Show, len(learnt)), english.Plural(len(learnt), "photo", "photos")),
			Strips: []gallery.Strip{realStrip(learnt, study.Show)},
		})
	}
	if sources := r.mostPhotos(stage.Source); len(sources) > 0 {
		rows = append(rows, gallery.Row{
			Name:   "real " + good + ", the start of " + r.startedBy(),
			Title:  "Real: " + good,
			Detail: "the photos that " + r.startedBy() + " starts from",
			Strips: []gallery.Strip{realStrip(sources, study.Show)},
		})
	}
	return rows
}

// mostPhotos lists the photos that study 1 reads in a role, as the pattern reads them
// that has the most.
func (r *Report) mostPhotos(role stage.Role) (most []dataset.Image) {
	for _, p := range r.patterns {
		for _, task := range p.cells[0].Tasks() {
			if photos := r.plan.ImagesAs(task.Candidates()[0], role); len(photos) > len(most) {
				most = photos
			}
		}
	}
	return most
}

// startedBy names the methods by which study 1 makes images from photos of good parts.
func (r *Report) startedBy() string {
	var methods []string
	for _, p := range r.patterns {
		if g := p.recipe.Generate; g.Uses(experiment.InputSource) {
			methods = appendNew(methods, g.Method)
		}
	}
	return cmp.Or(english.WordSeries(methods, "or"), "generation")
}

// patternRows shows a pattern, a strip for each seed, and what was thrown away where its images
// were chosen.
func (r *Report) patternRows(p *pattern, title string) []gallery.Row {
	row := gallery.Row{Name: p.name, Title: title, Detail: p.detail()}
	var thrown []gallery.Strip
	for _, c := range p.cells {
		if c.choice != nil {
			thrown = append(thrown, c.choice.strip(c.prompt(), c.Seed))
		}
		row.Strips = append(row.Strips, generatedStrip(c.pictures, c.prompt(), r.plan.Experiment.Patterns.Show, c.Seed, c.state, c.reason))
	}
	if thrown == nil {
		return []gallery.Row{row}
	}
	return []gallery.Row{row, thrownRow(p.name, title, thrown)}
}

// detail says what a pattern's training was.
func (p *pattern) detail() string {
	var parts []string
	switch g := p.recipe.Generate; {
	case p.recipe.Trains():
		parts = append(parts, english.Plural(p.recipe.Steps, "step", ""))
	case g.Uses(experiment.InputBase):
		parts = append(parts, g.Method+" with the base model alone")
	default:
		parts = append(parts, g.Method+" of photos alone")
	}
	if p.loss.N > 0 {
		parts = append(parts, "final loss "+share(p.loss.Mean))
	}
	if len(p.runs) > 0 {
		parts = append(parts, fmt.Sprintf("%d of %s blank", p.flags.blank, english.Plural(p.images, "image", "")))
	}
	if p.flags.saturated+p.flags.nan > 0 {
		parts = append(parts, fmt.Sprintf("%d saturated, %d NaN", p.flags.saturated, p.flags.nan))
	}
	parts = append(parts, p.flags.remarked()...)
	if p.choice != nil {
		parts = append(parts, p.choice.text())
	}
	return strings.Join(parts, " · ")
}

// withoutSteps writes all of a recipe but its steps.
func withoutSteps(p *pattern) string {
	recipe := p.recipe.Recipe
	recipe.Steps = 0
	return fmt.Sprintf("%v %+v", p.recipe.Trains(), recipe)
}

// stepSeries lists the patterns that differ from p in their steps only, p
// among them, by rising steps.
func (r *Report) stepSeries(p *pattern) []*pattern {
	members := slices.DeleteFunc(slices.Clone(r.patterns), func(other *pattern) bool { return withoutSteps(other) != withoutSteps(p) })
	slices.SortFunc(members, func(a, b *pattern) int { return cmp.Compare(a.recipe.Steps, b.recipe.Steps) })
	return members
}

func (r *Report) seriesGallery(members []*pattern) gallery.Gallery {
	recipe := members[0].recipe
	g := gallery.Gallery{
		Heading: "Few and many steps",
		Text: fmt.Sprintf("%s and %s, trained for longer and longer: each row continues the training of the one above it.",
			english.Plural(recipe.DefectImages, "defect image", ""), english.Plural(recipe.RegularizationImages, "regularization image", "")),
	}
	usual := r.plan.Experiment.LoRA.Steps
	for _, p := range members {
		title := "Standard"
		switch {
		case p.recipe.Steps < usual:
			title = "Few steps"
		case p.recipe.Steps > usual:
			title = "Many steps"
		}
		g.Rows = append(g.Rows, r.patternRows(p, title)...)
	}
	return g
}
