package plan

import (
	"fmt"
	"slices"
	"strconv"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/experiment"
	"kizu/orchestrator/stage"
)

// images plans generated images: those of a spec or, where there are several candidates for
// each, those that a rule keeps. The first candidates are the images that are made where
// there is nothing to choose, and share their task.
func (b *builder) images(label string, spec stage.Generate, by experiment.Select, from materials, needs ...*Task) (*Task, error) {
	first, err := b.add(label, spec, needs...)
	if err != nil || !by.Chooses() {
		return first, err
	}
	candidates, seed := []*Task{first}, spec.Seed
	for i := 2; i <= by.Of; i++ {
		spec.Seed = stage.Seed(seed, "candidate", strconv.Itoa(i))
		task, err := b.add(fmt.Sprintf("%s, candidate %d", label, i), spec, needs...)
		if err != nil {
			return nil, err
		}
		candidates = append(candidates, task)
	}
	return b.add(fmt.Sprintf("%s, chosen %s (%d thrown away)", label, by.Text(), (by.Of-1)*spec.Count), b.chooseSpec(by, candidates, from), candidates...)
}

// chooseSpec asks for one of each image's candidates.
func (b *builder) chooseSpec(by experiment.Select, candidates []*Task, from materials) stage.Choose {
	made := candidates[0].Spec.(stage.Generate)
	spec := stage.Choose{By: by.By, Count: made.Count, Rendering: b.rendering(), Bytes: made.Output().ImageBytes}
	for _, task := range candidates {
		spec.Candidates = append(spec.Candidates, task.file(""))
	}
	if !by.Looks() {
		spec.Sources = made.Sources
		return spec
	}
	spec.Guides, spec.Calibration = from.guides, from.calibration
	if b.in.Encoder != nil {
		spec.Model, spec.Weights = experiment.Transformers, b.encoder()
		return spec
	}
	k := b.exp.Classifier
	spec.Model, spec.Weights, spec.Resolution = k.Model, b.weights(k.Weights), k.Resolution
	return spec
}

// Candidates lists the tasks that make what generated images are chosen among, the first
// first; of images that are not chosen, the task itself.
func (t *Task) Candidates() []*Task {
	if _, chosen := t.Spec.(stage.Choose); chosen {
		return t.Needs
	}
	return []*Task{t}
}

// Made is what images are made by, whichever candidate they are.
func (t *Task) Made() stage.Generate { return t.Candidates()[0].Spec.(stage.Generate) }

// ChosenBy says how images are chosen among candidates: "1 of 3, by change"; "" for those
// that are not.
func (t *Task) ChosenBy() string {
	spec, ok := t.Spec.(stage.Choose)
	if !ok {
		return ""
	}
	return experiment.Select{Of: len(spec.Candidates), By: spec.By}.Text()
}

// behind lists generated images' task and all that they are made from: candidates and a LoRA.
func (t *Task) behind() []*Task {
	list := []*Task{t}
	for i := 0; i < len(list); i++ {
		for _, need := range list[i].Needs {
			if !slices.Contains(list, need) {
				list = append(list, need)
			}
		}
	}
	return list
}

// drawing is a number of images that are asked for.
type drawing struct {
	n   int
	use string // what they are for
}

// first takes the first images of a drawing order. That there are so many was looked at
// before (shortages).
func (d drawing) first(images []dataset.Image, class string) ([]dataset.Image, error) {
	if len(images) < d.n {
		return nil, &dataset.ShortageError{Class: class, Have: len(images), Want: d.n, Use: d.use}
	}
	return images[:d.n], nil
}

// train takes the first images of a class that are not tested on.
func (b *builder) train(class string, d drawing) ([]dataset.Image, error) {
	return d.first(b.division.Train[class], class)
}

// goodFor lists the good images of a drawing order that show the same kind of
// part as a class: all of them, unless the class belongs to one variety.
func (b *builder) goodFor(class string, good []dataset.Image) []dataset.Image {
	return sameVariety(b.in.Set.Variety(class), good)
}

// sameVariety lists the images of a variety; "" stands for all.
func sameVariety(variety string, images []dataset.Image) []dataset.Image {
	if variety == "" {
		return images
	}
	return slices.DeleteFunc(slices.Clone(images), func(img dataset.Image) bool { return img.Variety != variety })
}
