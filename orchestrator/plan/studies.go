package plan

import (
	"fmt"

	"github.com/dustin/go-humanize/english"

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
	var err error
	if !p.Baseline {
		if planned.Train, err = b.patternLoRA(*p, cell.Seed); err != nil {
			return planned, err
		}
	}
	label := fmt.Sprintf("images %s, %s, seed %d", study.Defect, cell.Name, cell.Seed)
	spec := b.generateSpec(study.Defect, cell.Seed, study.Show, sources, b.orUsual(p), planned.Train)
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
		return b.loraSpec(defect, p.LoRA, instance, regular), err
	})
	if err != nil {
		return nil, err
	}
	spec.Seed = stage.Seed(seed, spec.Kind(), defect)
	return b.add(fmt.Sprintf("LoRA %s, %s, seed %d", defect, p.Name, seed), spec)
}

// condition plans a cell of study 2: a LoRA and images for every class whose
// generated images the training set has, and the classifier.
func (b *builder) condition(cell experiment.Cell) (Cell, error) {
	planned := Cell{Cell: cell}
	spec, err := once(b.trainings, cell.Name, func() (stage.Classify, error) { return b.trainingOn(cell.Condition) })
	if err != nil {
		return planned, err
	}
	spec.Seed = stage.Seed(cell.Seed, spec.Kind())
	var needs []*Task
	for index, class := range spec.Classes {
		counts := cell.Condition.Of(class, b.exp.Dataset.Good)
		if counts.Generated == 0 {
			continue
		}
		images, err := b.generated(class, cell)
		if err != nil {
			return planned, err
		}
		needs = append(needs, images)
		folder := stage.Labeled{Path: images.file("images"), Class: index, Count: counts.Generated}
		spec.Generated = append(spec.Generated, folder)
		folder.Name, folder.First, folder.Count = "generated/"+class, b.exp.GeneratedCount(class), heldOutGenerated
		spec.HeldOut = append(spec.HeldOut, folder)
	}
	if len(needs) > 0 {
		control, folders, err := b.probedAutoencoded(spec.Classes, cell.Condition.LoRA.Recipe.LoRA)
		if err != nil {
			return planned, err
		}
		needs, spec.Autoencoded = append(needs, some(control)...), folders
	}
	label := fmt.Sprintf("classifier %q, seed %d", cell.Name, cell.Seed)
	planned.Classify, err = b.add(label, spec, needs...)
	return planned, err
}

// trainingOn is what all seeds of a condition share: the classifier and photos.
func (b *builder) trainingOn(c *experiment.Condition) (stage.Classify, error) {
	k := c.Classifier
	spec := stage.Classify{
		Model: k.Model, Weights: b.weights(k.Weights), ClassifierTraining: k.ClassifierTraining,
		Classes: b.exp.Dataset.Classes(), Train: []stage.Labeled{}, Rendering: b.rendering(),
	}
	for index, class := range spec.Classes {
		reals, err := b.train(class, c.Of(class, b.exp.Dataset.Good).Real, "training classifiers")
		if err != nil {
			return spec, err
		}
		for _, img := range reals {
			spec.Train = append(spec.Train, stage.Labeled{Path: b.ref(img), Class: index})
		}
		for _, img := range b.in.Division.Test[class] {
			spec.Test = append(spec.Test, stage.Labeled{Path: b.ref(img), Class: index, Name: img.Name})
		}
	}
	return spec, nil
}

// heldOutGenerated is how many generated images of a class train nothing, beyond
// the first that training sets take: they show how well a classifier tells
// generated images that it has not seen from photos that it has not seen.
const heldOutGenerated = 16

// generated plans study 2's images of a class.
func (b *builder) generated(class string, cell experiment.Cell) (*Task, error) {
	recipe, n := cell.Condition.LoRA.Recipe, b.exp.GeneratedCount(class)+heldOutGenerated
	label := fmt.Sprintf("%d images %s, %s", n, class, studyLabel(cell))
	if same := b.byLabel[label]; same != nil { // of another condition
		return same, nil
	}
	lora, err := b.studyLoRA(class, cell)
	if err != nil {
		return nil, err
	}
	sources, err := b.studyGood(class, recipe.SourceImages, "the sources of "+b.exp.Generate.Method)
	if err != nil {
		return nil, err
	}
	images, err := b.add(label, b.generateSpec(class, cell.Seed, n, sources, recipe, lora), lora)
	b.byLabel[label] = images
	return images, err
}

// studyLoRA plans the LoRA that makes study 2's images of a class: one of its
// own, or a pattern's. The good class's own LoRA has no regularization: its
// images and those that would regularize it are the same.
func (b *builder) studyLoRA(class string, cell experiment.Cell) (*Task, error) {
	lora, names := cell.Condition.LoRA, b.exp.Dataset
	if name, ok := lora.Patterns[class]; ok {
		p, _ := b.exp.FindPattern(name)
		return b.patternLoRA(p, cell.Seed)
	}
	spec, err := once(b.loras, "class "+class+" "+cell.Condition.Variant, func() (spec stage.TrainLoRA, err error) {
		n, regular := lora.DefectImages, []dataset.Image(nil)
		if class == names.Good {
			n = lora.GoodImages
		} else if lora.RegularizationImages > 0 {
			if regular, err = b.studyGood(class, lora.RegularizationImages, "regularization"); err != nil {
				return spec, err
			}
		}
		instance, err := b.train(class, n, "training LoRAs")
		return b.loraSpec(class, lora.LoRA, instance, regular), err
	})
	if err != nil {
		return nil, err
	}
	spec.Seed = stage.Seed(cell.Seed, spec.Kind(), class)
	return b.add(fmt.Sprintf("LoRA %s, %s", class, studyLabel(cell)), spec)
}

// studyGood takes the first n good images, and of them those that show the same
// kind of part as the class.
func (b *builder) studyGood(class string, n int, use string) ([]dataset.Image, error) {
	good, err := b.train(b.exp.Dataset.Good, n, use)
	if err != nil || class == b.exp.Dataset.Good {
		return good, err
	}
	same := b.goodFor(class, good)
	if len(same) == 0 {
		return nil, fmt.Errorf("none of the %d good %s for %s is of group %q, which class %q is of: ask for more",
			len(good), english.PluralWord(len(good), "image", ""), use, b.in.Set.Variety(class), class)
	}
	return same, nil
}

// studyLabel tells the LoRAs and images of study 2's cells apart.
func studyLabel(cell experiment.Cell) string {
	if variant := cell.Condition.Variant; variant != "" {
		return fmt.Sprintf("study 2, %s, seed %d", variant, cell.Seed)
	}
	return fmt.Sprintf("study 2, seed %d", cell.Seed)
}

// weights refers to a classifier's initial weights.
func (b *builder) weights(name string) stage.Ref {
	w := b.in.Weights[name]
	if w.Path == "" {
		return stage.ByName(w.Name)
	}
	ref := stage.ByHash(w.SHA256)
	b.plan.paths[ref] = w.Path
	return ref
}

func some(tasks ...*Task) []*Task {
	var list []*Task
	for _, task := range tasks {
		if task != nil {
			list = append(list, task)
		}
	}
	return list
}
