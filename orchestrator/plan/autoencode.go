package plan

import (
	"fmt"
	"slices"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/experiment"
)

// Autoencode asks for photos as the base model's autoencoder gives them back.
// They are controls: what a measure says of them it says of the autoencoder,
// through which every generated image has passed as well.
type Autoencode struct {
	Base       Ref    `json:"base"`
	Resolution int    `json:"resolution"`
	Precision  string `json:"precision"`          // of the base model beside the autoencoder, which is float32
	Images     []Ref  `json:"images"`             // a picture each
	Mirrored   []Ref  `json:"mirrored,omitempty"` // and then a picture of each of these photos' mirror images

	Levels dataset.Levels `json:"levels,omitempty"` // of 16-bit photos
}

// Made counts the pictures.
func (s Autoencode) Made() int { return len(s.Images) + len(s.Mirrored) }

// Resolve implements Spec.
func (s Autoencode) Resolve(f func(Ref) Ref) Spec {
	s.Base = f(s.Base)
	s.Images = mapped(s.Images, f)
	if s.Mirrored != nil {
		s.Mirrored = mapped(s.Mirrored, f)
	}
	return s
}

// autoencode plans the pictures that the base model's autoencoder makes of
// photos, at the resolution of a recipe.
func (b *builder) autoencode(label string, images, mirrored []Ref, l experiment.LoRA) (*Task, error) {
	label = "autoencoded photos, " + label + b.unusual(l)
	if same := b.byLabel[label]; same != nil {
		return same, nil
	}
	// One precision for a whole experiment: it changes no picture, and would change keys.
	task, err := b.add(KindAutoencode, label, Autoencode{
		Base: b.base(), Resolution: l.Resolution, Precision: b.exp.LoRA.Precision, Images: images, Mirrored: mirrored,
		Levels: b.in.Set.Levels,
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
const probedPhotos = heldOutGenerated

// Probed says how many of a class's test photos a probe takes as they are, the
// first, and as many after them autoencoded. A photo is never both: a probe
// that learnt from the one would know the other by what it shows.
func Probed(photos int) int { return min(photos/2, probedPhotos) }

// probedAutoencoded plans the test photos that probes see autoencoded. They
// train nothing.
func (b *builder) probedAutoencoded(classes []string, l experiment.LoRA) (*Task, []Labeled, error) {
	var photos []dataset.Image
	var folders []Labeled
	for index, class := range classes {
		test := b.in.Division.Test[class]
		n := Probed(len(test))
		if n == 0 {
			continue
		}
		folders = append(folders, Labeled{Class: index, Name: "autoencoded/" + class, First: len(photos), Count: n})
		photos = append(photos, test[n:2*n]...)
	}
	if len(photos) == 0 {
		return nil, nil, nil
	}
	task, err := b.autoencode("study 2", b.refsOf(photos), nil, l)
	if err != nil {
		return nil, nil, err
	}
	for i := range folders {
		folders[i].Path = artifact(task, "images")
	}
	return task, slices.Clip(folders), nil
}
