package plan

import (
	"fmt"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/experiment"
	"kizu/orchestrator/stage"
)

// pattern plans a cell of study 1: a LoRA and the images it makes.
func (b *builder) pattern(cell experiment.Cell) (Cell, error) {
	p, study := cell.Pattern, b.exp.Patterns
	planned := Cell{Cell: cell}
	recipe := b.orUsual(p)
	from, err := once(b.shown, b.perDraw(p.Name, cell), func() (materials, error) { return b.patternIngredients(recipe, p) })
	if err != nil {
		return planned, err
	}
	if p.Trains() {
		if planned.Train, err = b.patternLoRA(*p, cell.Seed); err != nil {
			return planned, err
		}
	}
	label := fmt.Sprintf("images %s, %s, seed %d", study.Defect, cell.Name, cell.Seed)
	spec := b.generateSpec(study.Defect, cell.Seed, study.Measure, from.Ingredients, recipe, planned.Train)
	if planned.Generate, err = b.images(label, spec, recipe.Generate.Select, from, some(planned.Train)...); err != nil {
		return planned, err
	}
	if err := b.measure(&planned); err != nil {
		return planned, err
	}
	judged, err := b.judged(planned.Generate, study.Defect)
	if judged == nil {
		return planned, err
	}
	planned.Judged = []*Task{judged}
	return planned, b.noun(&planned, recipe, from)
}

// noun plans the images of a pattern's noun alone, and what is said of them. There are some
// where the prompt of its own images has an identifier.
func (b *builder) noun(cell *Cell, r experiment.Recipe, from materials) (err error) {
	if !r.Generate.How().Denoises || !r.Generate.WithIdentifier {
		return nil
	}
	r.Generate.WithIdentifier, r.Generate.Select = false, experiment.Select{Of: 1}
	defect, noun := b.exp.Patterns.Defect, &Noun{}
	spec := b.generateSpec(defect, cell.Seed, b.exp.Patterns.Measure, from.Ingredients, r, cell.Train)
	label := fmt.Sprintf("images of the noun alone, %s, seed %d", cell.Name, cell.Seed)
	if noun.Generate, err = b.images(label, spec, r.Generate.Select, from, some(cell.Train)...); err != nil {
		return err
	}
	if noun.Measure, err = b.measureImages("features of "+label, noun.Generate); err != nil {
		return err
	}
	noun.Judged, err = b.judged(noun.Generate, b.exp.Dataset.Good)
	cell.Noun = noun
	return err
}

// orUsual is a pattern's recipe; the baseline's resolution and identifier are
// those of the lora section.
func (b *builder) orUsual(p *experiment.Pattern) experiment.Recipe {
	recipe := p.Recipe
	if p.Baseline {
		recipe.LoRA = b.exp.LoRA
	}
	return recipe
}

// patternGood lists the good images that study 1 may draw, in drawing order.
func (b *builder) patternGood() []dataset.Image {
	return b.goodFor(b.exp.Patterns.Defect, b.division.Train[b.exp.Dataset.Good])
}

// patternIngredients are those of a pattern's images. Photos of
// the defect, and regions by their size, are those that any of study 1's LoRAs learns, so
// that all patterns are made from the same; or, without a LoRA, as many as the pattern says.
func (b *builder) patternIngredients(r experiment.Recipe, p *experiment.Pattern) (m materials, err error) {
	defect := b.exp.Patterns.Defect
	o := origins{good: b.patternGood(), defects: b.division.Pool(defect)[:b.learns], resolution: r.Resolution}
	if !p.Baseline && !p.Trains() {
		shown := drawing{p.DefectImages, "method " + r.Generate.Method}
		if o.defects, err = shown.first(b.division.Pool(defect), defect); err != nil {
			return m, err
		}
	}
	if r.Generate.Uses(experiment.InputSource) {
		least := drawing{max(r.SourceImages, 1), sourcesOf(r.Generate)}
		if _, err = least.first(o.good, b.exp.Dataset.Good); err != nil {
			return m, err
		}
		if _, o.sizes, err = b.learnt(o.defects, r.Resolution); err != nil {
			return m, err
		}
	}
	if r.SourceImages > 0 {
		o.good = o.good[:min(len(o.good), r.SourceImages)]
	}
	o.good = o.good[:min(len(o.good), b.exp.Patterns.Measure)]
	return b.materials(r.Generate, o)
}

// sourcesOf says what photos are for from which images start.
func sourcesOf(g experiment.Generate) string { return "the sources of " + g.Method }

// patternLoRA plans the LoRA of a pattern. It may draw defect images that study
// 2 tests on; the leak check keeps the studies apart.
func (b *builder) patternLoRA(p experiment.Pattern, seed int64) (*Task, error) {
	defect := b.exp.Patterns.Defect
	spec, err := once(b.loras, "pattern "+p.Name, func() (spec stage.TrainLoRA, err error) {
		instance, err := drawing{p.DefectImages, "training LoRAs"}.first(b.division.Pool(defect), defect)
		if err != nil {
			return spec, err
		}
		regular, err := drawing{p.RegularizationImages, "regularization"}.first(b.patternGood(), b.exp.Dataset.Good)
		if err != nil {
			return spec, err
		}
		return b.defectLoRA(defect, p.LoRA, instance, regular)
	})
	if err != nil {
		return nil, err
	}
	spec.Seed = stage.Seed(seed, spec.Kind(), defect)
	return b.add(fmt.Sprintf("LoRA %s, %s, seed %d", defect, p.Name, seed), spec)
}
