package plan

import (
	"fmt"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/experiment"
)

// pattern plans a cell of study 1: a LoRA and the images it makes. It may draw
// defect images that study 2 tests on; the leak check keeps the studies apart.
func (b *builder) pattern(cell experiment.Cell) (Cell, error) {
	p, study := cell.Pattern, b.exp.Patterns
	planned := Cell{Cell: cell}
	good := b.goodFor(study.Defect, b.in.Division.Train[b.exp.Dataset.Good])
	if len(good) == 0 {
		return planned, &dataset.ShortageError{Class: b.exp.Dataset.Good, Want: 1, Use: "the sources of img2img"}
	}
	if !p.Baseline {
		instance, err := first(b.in.Division.Pool(study.Defect), p.DefectImages, study.Defect, "training LoRAs")
		if err != nil {
			return planned, err
		}
		regular, err := first(good, p.RegularizationImages, b.exp.Dataset.Good, "regularization")
		if err != nil {
			return planned, err
		}
		spec := b.loraSpec(study.Defect, cell.Seed, instance, regular)
		spec.Steps, spec.Rank, spec.LearningRate = p.Steps, p.Rank, p.LearningRate
		spec.Alpha = b.exp.LoRA.Alpha * float64(p.Rank) / float64(b.exp.LoRA.Rank)
		label := fmt.Sprintf("LoRA %s, %s, seed %d", study.Defect, cell.Name, cell.Seed)
		if planned.Train, err = b.add(KindTrainLoRA, label, spec); err != nil {
			return planned, err
		}
	}
	spec := b.generateSpec(study.Defect, cell.Seed, study.Show, good, planned.Train)
	spec.Strength = p.Strength
	label := fmt.Sprintf("images %s, %s, seed %d", study.Defect, cell.Name, cell.Seed)
	var err error
	planned.Generate, err = b.add(KindGenerate, label, spec, some(planned.Train)...)
	return planned, err
}

// condition plans a cell of study 2: a LoRA and images for every class whose
// generated images the training set has, and the classifier.
func (b *builder) condition(cell experiment.Cell) (Cell, error) {
	planned := Cell{Cell: cell}
	classes, k := b.exp.Dataset.Classes(), b.exp.Classifier
	spec := Classify{
		Seed:  Seed(cell.Seed, KindClassify),
		Model: k.Model, Weights: b.weights(), Resolution: k.Resolution,
		Epochs: k.Epochs, Steps: k.Steps, BatchSize: k.BatchSize,
		LearningRate: k.LearningRate, WeightDecay: k.WeightDecay, Precision: k.Precision,
		Classes: classes,
	}
	var needs []*Task
	for index, class := range classes {
		counts := cell.TrainingSet.Of(class, b.exp.Dataset.Good)
		reals, err := first(b.in.Division.Train[class], counts.Real, class, "training classifiers")
		if err != nil {
			return planned, err
		}
		for _, img := range reals {
			spec.Train = append(spec.Train, Labeled{Path: imageRef(img), Class: index})
		}
		if counts.Generated > 0 {
			images, err := b.generated(class, cell.Seed)
			if err != nil {
				return planned, err
			}
			needs = append(needs, images)
			for i := range counts.Generated {
				spec.Train = append(spec.Train, Labeled{Path: artifact(images, "images/"+imageName(i)), Class: index})
			}
		}
		for _, img := range b.in.Division.Test[class] {
			spec.Test = append(spec.Test, Labeled{Path: imageRef(img), Class: index, Name: img.Name})
		}
	}
	var err error
	label := fmt.Sprintf("classifier %q, seed %d", cell.Name, cell.Seed)
	planned.Classify, err = b.add(KindClassify, label, spec, needs...)
	return planned, err
}

// generated plans study 2's images of a class. Its LoRA learns the class from
// the smallest real training set, whose good images are also the regularization
// images and the sources. The good class's own LoRA has no regularization: its
// images and those that would regularize it are the same.
func (b *builder) generated(class string, seed int64) (*Task, error) {
	study, names := b.exp.Conditions, b.exp.Dataset
	good, err := first(b.in.Division.Train[names.Good], study.LoRA.GoodImages, names.Good, "training LoRAs")
	if err != nil {
		return nil, err
	}
	instance, regular, sources := good, []dataset.Image(nil), good
	if class != names.Good {
		if instance, err = first(b.in.Division.Train[class], study.LoRA.DefectImages, class, "training LoRAs"); err != nil {
			return nil, err
		}
		if regular = b.goodFor(class, good); len(regular) == 0 {
			return nil, fmt.Errorf("none of the %d good images of conditions.lora is of group %q, which class %q is of: ask for more",
				len(good), b.in.Set.Group(class), class)
		}
		sources = regular
	}
	lora, err := b.add(KindTrainLoRA, fmt.Sprintf("LoRA %s, study 2, seed %d", class, seed),
		b.loraSpec(class, seed, instance, regular))
	if err != nil {
		return nil, err
	}
	n := b.exp.GeneratedCount(class)
	return b.add(KindGenerate, fmt.Sprintf("%d images %s, study 2, seed %d", n, class, seed),
		b.generateSpec(class, seed, n, sources, lora), lora)
}

// weights refers to the classifier's initial weights.
func (b *builder) weights() Ref {
	w := b.in.Weights
	if w.Path == "" {
		return Ref(byName + w.Name)
	}
	ref := Ref(byHash + w.SHA256)
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
