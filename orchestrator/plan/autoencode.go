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
func (b *builder) autoencode(label string, images, mirrored []stage.Ref, l experiment.LoRA) (*Task, error) {
	label = "autoencoded photos, " + label + b.unusual(l)
	if same := b.byLabel[label]; same != nil {
		return same, nil
	}
	// One precision for a whole experiment: it changes no picture, and would change keys.
	task, err := b.add(label, stage.Autoencode{
		Base: b.base(), Resolution: l.Resolution, Precision: b.exp.LoRA.Precision, Images: images, Mirrored: mirrored,
		Rendering: b.rendering(),
	})
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

// probedPhotos is how many test photos of a class a probe compares with
// generated images and, at most, how many others it sees autoencoded.
const probedPhotos = HeldOut

// probed says how many of a class's test photos a probe takes as they are, the
// first, and as many after them autoencoded. A photo is never both: a probe
// that learnt from the one would know the other by what it shows.
func probed(photos int) int { return min(photos/2, probedPhotos) }

// probedAutoencoded plans the test photos that probes see autoencoded. They
// train nothing.
func (b *builder) probedAutoencoded(classes []string, l experiment.LoRA) (*Task, []stage.Labeled, error) {
	var photos []dataset.Image
	var folders []stage.Labeled
	for index, class := range classes {
		test := b.division.Test[class]
		n := probed(len(test))
		if n == 0 {
			continue
		}
		folders = append(folders, stage.Labeled{Class: index, Name: "autoencoded/" + class, First: len(photos), Count: n})
		photos = append(photos, test[n:2*n]...)
	}
	if len(photos) == 0 {
		return nil, nil, nil
	}
	pictures, err := b.pictures(photos)
	if err != nil {
		return nil, nil, err
	}
	task, err := b.autoencode("study 2", pictures, nil, l)
	if err != nil {
		return nil, nil, err
	}
	for i := range folders {
		folders[i].Path = task.file("images")
	}
	return task, slices.Clip(folders), nil
}
