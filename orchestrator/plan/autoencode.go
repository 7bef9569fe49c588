package plan

import (
	"fmt"
	"slices"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/experiment"
	"kizu/orchestrator/stage"
)

// autoencode plans the pictures that the base model's autoencoder makes of
// photos, at the resolution of a recipe.
func (b *builder) autoencode(label string, spec stage.Autoencode, l experiment.LoRA) (*Task, error) {
	label = "autoencoded photos, " + label + b.unusual(l)
	if same := b.byLabel[label]; same != nil {
		return same, nil
	}
	// One precision for a whole experiment: it changes no picture, and would change keys.
	spec.Base, spec.Resolution, spec.Precision, spec.Rendering = b.base(), l.Resolution, b.exp.LoRA.Precision, b.rendering()
	task, err := b.add(label, spec)
	b.byLabel[label] = task
	return task, err
}

// unusual tells tasks at another resolution than the experiment's usual one apart.
func (b *builder) unusual(l experiment.LoRA) string {
	if l.Resolution == b.exp.LoRA.Resolution {
		return ""
	}
	return fmt.Sprintf(", %d pixels", l.Resolution)
}

// decoded plans the first photos of a class as the base model's autoencoder gives them back,
// to be trained on: as many as any condition takes, in one task for all of a draw.
func (b *builder) decoded(class string, cell experiment.Cell) (*Task, error) {
	photos, err := b.train(class, drawing{b.decodes[class], "training classifiers"})
	if err != nil {
		return nil, err
	}
	pictures, err := b.pictures(photos)
	if err != nil {
		return nil, err
	}
	return b.autoencode(b.perDraw("to be trained on, "+class, cell), stage.Autoencode{Images: pictures, Trains: true}, cell.Condition.LoRA.LoRA)
}

// trainsOnDecoded adds a condition's decoded photos to its classifier, each in the fold of
// its photo, and lists the tasks that make them.
func (b *builder) trainsOnDecoded(spec *stage.Classify, cell experiment.Cell) (needs []*Task, err error) {
	for index, class := range spec.Classes {
		counts := cell.Condition.Of(class, b.exp.Dataset.Good)
		if counts.Decoded == 0 {
			continue
		}
		pictures, err := b.decoded(class, cell)
		if err != nil {
			return nil, err
		}
		needs = append(needs, pictures)
		folds := foldsOf(b.division.Train[class][:counts.Photos()], spec.Folds)
		for i := range counts.Decoded {
			spec.Decoded = append(spec.Decoded, stage.Labeled{Path: pictures.file("images"), Class: index, First: i, Count: 1, Fold: folds[i]})
		}
	}
	return needs, nil
}

// probedPhotos is how many test photos of a class a probe compares with
// generated images and, at most, how many others it sees autoencoded.
const probedPhotos = HeldOut

// probed says how many of a class's test photos a probe takes as they are, the
// first, and as many after them autoencoded. A photo is never both: a probe
// that learnt from the one would know the other by what it shows.
func probed(photos int) int { return min(photos/2, probedPhotos) }

// probe is test photos that a classifier sees autoencoded; without a task there are none.
type probe struct {
	task    *Task
	folders []stage.Labeled // by class
}

// probedAutoencoded plans the test photos that probes see autoencoded. They train nothing.
func (b *builder) probedAutoencoded(classes []string, l experiment.LoRA) (p probe, err error) {
	var photos []dataset.Image
	for index, class := range classes {
		test := b.division.Test[class]
		n := probed(len(test))
		if n == 0 {
			continue
		}
		p.folders = append(p.folders, stage.Labeled{Class: index, Name: "autoencoded/" + class, First: len(photos), Count: n})
		photos = append(photos, test[n:2*n]...)
	}
	if len(photos) == 0 {
		return p, nil
	}
	pictures, err := b.pictures(photos)
	if err != nil {
		return p, err
	}
	p.task, err = b.autoencode("study 2", stage.Autoencode{Images: pictures}, l)
	if err != nil {
		return p, err
	}
	for i := range p.folders {
		p.folders[i].Path = p.task.file("images")
	}
	p.folders = slices.Clip(p.folders)
	return p, nil
}
