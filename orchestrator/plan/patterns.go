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
	sources := b.patternGood()
	if n := max(p.SourceImages, 1); len(sources) < n {
		return planned, &dataset.ShortageError{Class: b.exp.Dataset.Good, Have: len(sources), Want: n, Use: "the sources of " + b.exp.Generate.Method}
	}
	if p.SourceImages > 0 {
		sources = sources[:p.SourceImages]
	}
	if !p.Baseline {
		lora, err := b.patternLoRA(*p, cell.Seed)
		if err != nil {
			return planned, err
		}
		planned.Train = lora
	}
	recipe := b.orUsual(p)
	starts, err := b.patternSources(sources, recipe.Resolution)
	if err != nil {
		return planned, err
	}
	label := fmt.Sprintf("images %s, %s, seed %d", study.Defect, cell.Name, cell.Seed)
	spec := b.generateSpec(study.Defect, cell.Seed, study.Show, starts, recipe, planned.Train)
	if planned.Generate, err = b.add(label, spec, some(planned.Train)...); err != nil {
		return planned, err
	}
	return planned, b.measure(&planned)
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
	return b.goodFor(b.exp.Patterns.Defect, b.in.Division.Train[b.exp.Dataset.Good])
}

// patternSources refers to what study 1's images start from. Regions have the sizes of
// those that any of its LoRAs learns, so that all patterns start from the same.
func (b *builder) patternSources(good []dataset.Image, resolution int) ([]stage.Ref, error) {
	pool := b.in.Division.Pool(b.exp.Patterns.Defect)
	_, sizes, err := b.learnt(pool[:b.patternsLearn()], resolution)
	if err != nil {
		return nil, err
	}
	return b.beside(sizes, good[:min(len(good), b.exp.Patterns.Show)])
}

// patternLoRA plans the LoRA of a pattern. It may draw defect images that study
// 2 tests on; the leak check keeps the studies apart.
func (b *builder) patternLoRA(p experiment.Pattern, seed int64) (*Task, error) {
	defect := b.exp.Patterns.Defect
	spec, err := once(b.loras, "pattern "+p.Name, func() (spec stage.TrainLoRA, err error) {
		instance, err := first(b.in.Division.Pool(defect), p.DefectImages, defect, "training LoRAs")
		if err != nil {
			return spec, err
		}
		regular, err := first(b.patternGood(), p.RegularizationImages, b.exp.Dataset.Good, "regularization")
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
