package plan

import (
	"fmt"
	"slices"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/experiment"
	"kizu/orchestrator/stage"
)

// condition plans a cell of study 2: a LoRA and images for every class whose
// generated images the training set has, and the classifier.
func (b *builder) condition(cell experiment.Cell) (Cell, error) {
	if cell.Condition.Detector != nil {
		return b.detector(cell)
	}
	planned := Cell{Cell: cell}
	spec, err := once(b.trainings, b.perDraw(cell.Name, cell), func() (stage.Classify, error) { return b.trainingOn(cell.Condition) })
	if err != nil {
		return planned, err
	}
	spec.Seed = stage.Seed(cell.Seed, spec.Kind())
	made := b.counts[cell.Condition.LoRA.Generate.Like()] // images of each class, to be trained on by any condition
	var needs []*Task
	for index, class := range spec.Classes {
		counts := cell.Condition.Of(class, b.exp.Dataset.Good)
		if counts.Generated == 0 {
			continue
		}
		images, err := b.generated(class, made[class]+HeldOut, cell)
		if err != nil {
			return planned, err
		}
		needs = append(needs, images)
		judged, err := b.judged(images, class)
		if err != nil {
			return planned, err
		}
		planned.Judged = append(planned.Judged, some(judged)...)
		folder := stage.Labeled{Path: images.file("images"), Class: index, Count: counts.Generated}
		spec.Generated = append(spec.Generated, folder)
		folder.Name, folder.First, folder.Count = "generated/"+class, made[class], HeldOut
		spec.HeldOut = append(spec.HeldOut, folder)
	}
	if g := cell.Condition.LoRA.Generate; len(needs) > 0 && g.Autoencodes() {
		recipe := cell.Condition.LoRA.Recipe.LoRA
		control, err := once(b.probes, b.perDraw(b.unusual(recipe), cell), func() (probe, error) { return b.probedAutoencoded(spec.Classes, recipe) })
		if err != nil {
			return planned, err
		}
		needs, spec.Autoencoded = append(needs, some(control.task)...), control.folders
	}
	decoded, err := b.trainsOnDecoded(&spec, cell)
	if err != nil {
		return planned, err
	}
	needs = append(needs, decoded...)
	label := fmt.Sprintf("classifier %q, seed %d", cell.Name, cell.Seed)
	planned.Classify, err = b.add(label, spec, needs...)
	return planned, err
}

// trainingOn is what all seeds of a condition share: the classifier and photos.
func (b *builder) trainingOn(c *experiment.Condition) (stage.Classify, error) {
	k := c.Classifier
	spec := stage.Classify{
		Model: k.Model, Weights: b.weights(k.Weights), ClassifierTraining: k.ClassifierTraining.Keyed(),
		Classes: b.exp.Dataset.Classes(), Train: []stage.Labeled{}, Tiles: b.views().side(), Rendering: b.rendering(),
	}
	for index, class := range spec.Classes {
		counts := c.Of(class, b.exp.Dataset.Good)
		photos, err := b.train(class, drawing{counts.Photos(), "training classifiers"})
		if err != nil {
			return spec, err
		}
		learnt, err := inFolds(photos[:counts.Real], foldsOf(photos, k.Folds), index, b.trainingTiles)
		if err != nil {
			return spec, err
		}
		spec.Train = append(spec.Train, learnt...)
	}
	var err error
	spec.Test, err = b.tested(spec.Classes)
	return spec, err
}

// inFolds lists photos of a class, or their tiles, each in the fold of its photo; in none where
// there are no folds.
func inFolds(photos []dataset.Image, folds []int, class int, tilesOf func(dataset.Image, int) ([]stage.Labeled, error)) (list []stage.Labeled, err error) {
	for i, img := range photos {
		tiles, err := tilesOf(img, class)
		if err != nil {
			return nil, err
		}
		if folds != nil {
			for at := range tiles {
				tiles[at].Fold = folds[i]
			}
		}
		list = append(list, tiles...)
	}
	return list, nil
}

// foldsOf deals the photos of a class to folds, from 1, photos of one part to one; all 0
// without folds, and where they show a single part, without which the class would be empty.
func foldsOf(photos []dataset.Image, count int) []int {
	folds, ofPart := make([]int, len(photos)), map[string]int{}
	for i, img := range photos {
		part := img.PartOf()
		if _, known := ofPart[part]; !known && count > 0 {
			ofPart[part] = len(ofPart)%count + 1
		}
		folds[i] = ofPart[part]
	}
	if len(ofPart) == 1 {
		clear(folds)
	}
	return folds
}

// HeldOut is how many generated images of a class train nothing, beyond
// the first that training sets take: they show how well a classifier tells
// generated images that it has not seen from photos that it has not seen.
const HeldOut = 16

// generated plans n images of a class for study 2.
func (b *builder) generated(class string, n int, cell experiment.Cell) (images *Task, err error) {
	recipe := cell.Condition.LoRA.Recipe
	label := fmt.Sprintf("%d images %s, %s", n, class, studyLabel(cell.Condition.Differs(), cell.Seed))
	if same := b.byLabel[label]; same != nil { // of another condition
		return same, nil
	}
	var lora *Task
	if recipe.Generate.Uses(experiment.InputLoRA) {
		if lora, err = b.studyLoRA(class, cell); err != nil {
			return nil, err
		}
	}
	from, err := b.studyIngredients(class, cell.Condition)
	if err != nil {
		return nil, err
	}
	spec := b.generateSpec(class, cell.Seed, n, from.Ingredients, recipe, lora)
	images, err = b.images(label, spec, recipe.Generate.Select, from, some(lora)...)
	b.byLabel[label] = images
	return images, err
}

// studyPattern is the pattern of study 1 whose LoRA makes study 2's images of a class; false
// where one of study 2's own does, or none.
func (b *builder) studyPattern(class string, c *experiment.Condition) (experiment.Pattern, bool) {
	name, ok := c.LoRA.Patterns[class]
	if !ok || !c.LoRA.Generate.Uses(experiment.InputLoRA) {
		return experiment.Pattern{}, false
	}
	return b.exp.FindPattern(name)
}

// studyLoRA plans the LoRA that makes study 2's images of a class: one of its
// own, or a pattern's. The good class's own LoRA has no regularization: its
// images and those that would regularize it are the same.
func (b *builder) studyLoRA(class string, cell experiment.Cell) (*Task, error) {
	lora, names := cell.Condition.LoRA, b.exp.Dataset
	if p, ok := b.studyPattern(class, cell.Condition); ok {
		return b.patternLoRA(p, cell.Seed)
	}
	spec, err := once(b.loras, b.perDraw("class "+class+" "+cell.Condition.Variant, cell), func() (spec stage.TrainLoRA, err error) {
		var regular []dataset.Image
		learns := drawing{lora.DefectImages, "training LoRAs"}
		if class == names.Good {
			learns.n = lora.GoodImages
		} else if lora.RegularizationImages > 0 {
			if regular, err = b.studyGood(class, drawing{lora.RegularizationImages, "regularization"}); err != nil {
				return spec, err
			}
		}
		instance, err := b.train(class, learns)
		if err != nil {
			return spec, err
		}
		if class != names.Good {
			return b.defectLoRA(class, lora.LoRA, instance, regular)
		}
		sizes, err := b.studySizes(class, cell.Condition)
		if err != nil {
			return spec, err
		}
		good, err := b.beside(sizes, instance)
		return b.loraSpec(class, lora.LoRA, stage.Prompted{Images: good}, []stage.Ref{}), err
	})
	if err != nil {
		return nil, err
	}
	spec.Seed = stage.Seed(cell.Seed, spec.Kind(), class)
	return b.add(fmt.Sprintf("LoRA %s, %s", class, studyLabel(cell.Condition.Variant, cell.Seed)), spec)
}

// studyGood takes the first good images, and of them those that show the same kind
// of part as the class.
func (b *builder) studyGood(class string, d drawing) ([]dataset.Image, error) {
	good, err := b.train(b.exp.Dataset.Good, d)
	if err != nil || class == b.exp.Dataset.Good {
		return good, err
	}
	same := b.goodFor(class, good)
	if len(same) == 0 {
		return nil, fmt.Errorf("none of the %d good %s for %s is of group %q, which class %q is of: ask for more",
			len(good), english.PluralWord(len(good), "image", ""), d.use, b.in.Set.Variety(class), class)
	}
	return same, nil
}

// studyLabel tells the LoRAs and images of study 2's cells apart.
func studyLabel(differs string, seed int64) string {
	if differs != "" {
		return fmt.Sprintf("study 2, %s, seed %d", differs, seed)
	}
	return fmt.Sprintf("study 2, seed %d", seed)
}

// weights refers to a classifier's initial weights.
func (b *builder) weights(name string) stage.Ref {
	w := b.in.Weights[name]
	switch {
	case w.Encoder != nil:
		return modelRef(w.Encoder.Name, w.Encoder.SHA256)
	case w.Path == "":
		return stage.ByName(w.Name)
	}
	ref := stage.ByHash(w.SHA256)
	b.plan.paths[ref] = w.Path
	return ref
}

// some leaves out the tasks that there are not.
func some(tasks ...*Task) []*Task {
	return slices.DeleteFunc(tasks, func(task *Task) bool { return task == nil })
}
