package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/stage"
)

// patternGalleries shows study 1: the patterns of the usual number of steps
// beside real photos, and every series of step counts.
func (r *Report) patternGalleries() []gallery {
	if len(r.patterns) == 0 {
		return nil
	}
	first := gallery{
		heading: "Patterns beside real photos",
		text: "The images of a column start from the same photo, the second row, with the same noise. " +
			"They are the first of their pattern: none was picked, none replaced.",
		rows: r.realRows(),
	}
	var series []gallery
	shown := map[string]bool{}
	for _, p := range r.patterns {
		members := r.stepSeries(p)
		if p.recipe.Baseline || p.recipe.Steps == r.plan.Experiment.LoRA.Steps || len(members) == 1 {
			first.rows = append(first.rows, r.patternRow(p, p.name))
			continue
		}
		if key := withoutSteps(p); !shown[key] {
			shown[key] = true
			series = append(series, r.seriesGallery(members))
		}
	}
	return append([]gallery{first}, series...)
}

// realRows shows the photos that train the LoRAs, and those that images start
// from.
func (r *Report) realRows() []galleryRow {
	study := r.plan.Experiment.Patterns
	var instance []dataset.Image
	for _, p := range r.patterns {
		if train := p.cells[0].Train; train != nil {
			if photos := r.photos(train.Spec.(stage.TrainLoRA).Instance.Images); len(photos) > len(instance) {
				instance = photos
			}
		}
	}
	var rows []galleryRow
	if len(instance) > 0 {
		rows = append(rows, galleryRow{
			name:   "real " + study.Defect,
			title:  "Real: " + study.Defect,
			detail: fmt.Sprintf("the first %d of the %s that train the LoRAs", min(study.Show, len(instance)), plural(len(instance), "photo")),
			strips: []strip{realStrip(instance, study.Show)},
		})
	}
	return append(rows, galleryRow{
		name:   "real " + r.plan.Experiment.Dataset.Good + ", the start of " + r.plan.Experiment.Generate.Method,
		title:  "Real: " + r.plan.Experiment.Dataset.Good,
		detail: "the photos that " + r.plan.Experiment.Generate.Method + " starts from",
		strips: []strip{realStrip(r.sources(r.patterns[0].cells[0].Generate), study.Show)},
	})
}

// patternRow shows a pattern, a strip for each seed.
func (r *Report) patternRow(p *pattern, title string) galleryRow {
	row := galleryRow{name: p.name, title: title, detail: p.detail()}
	for _, c := range p.cells {
		row.strips = append(row.strips, generatedStrip(c.pictures, c.prompt(), r.plan.Experiment.Patterns.Show, c.Seed, c.state, c.reason))
	}
	return row
}

// detail says what a pattern's training was.
func (p *pattern) detail() string {
	var parts []string
	if p.recipe.Baseline {
		parts = append(parts, p.recipe.Generate.Method+" with the base model alone")
	} else {
		parts = append(parts, plural(p.recipe.Steps, "step"))
	}
	if p.loss.N > 0 {
		parts = append(parts, "final loss "+share(p.loss.Mean))
	}
	if len(p.runs) > 0 {
		parts = append(parts, fmt.Sprintf("%d of %s blank", p.flags.blank, plural(p.images, "image")))
	}
	if p.flags.saturated+p.flags.nan > 0 {
		parts = append(parts, fmt.Sprintf("%d saturated, %d NaN", p.flags.saturated, p.flags.nan))
	}
	return strings.Join(parts, " · ")
}

// withoutSteps writes all of a recipe but its steps.
func withoutSteps(p *pattern) string {
	recipe := p.recipe.Recipe
	recipe.Steps = 0
	return fmt.Sprintf("%v %+v", p.recipe.Baseline, recipe)
}

// stepSeries lists the patterns that differ from p in their steps only, p
// among them, by rising steps.
func (r *Report) stepSeries(p *pattern) []*pattern {
	var members []*pattern
	for _, other := range r.patterns {
		if withoutSteps(other) == withoutSteps(p) {
			members = append(members, other)
		}
	}
	slices.SortFunc(members, func(a, b *pattern) int { return cmp.Compare(a.recipe.Steps, b.recipe.Steps) })
	return members
}

func (r *Report) seriesGallery(members []*pattern) gallery {
	recipe := members[0].recipe
	g := gallery{
		heading: "Few and many steps",
		text: fmt.Sprintf("%s and %s, trained for longer and longer: each row continues the training of the one above it.",
			plural(recipe.DefectImages, "defect image"), plural(recipe.RegularizationImages, "regularization image")),
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
		g.rows = append(g.rows, r.patternRow(p, title))
	}
	return g
}
