package stage

import (
	"iter"
	"slices"

	"kizu/orchestrator/experiment"
)

// KindClassify is the kind of its tasks.
const KindClassify = "classify"

// Classify asks for a classifier to be trained and its test predictions.
type Classify struct {
	Seed    int64  `json:"seed"`
	Model   string `json:"model"`
	Weights Ref    `json:"weights"`
	experiment.ClassifierTraining
	Classes     []string  `json:"classes"`
	Train       []Labeled `json:"train"`
	Decoded     []Labeled `json:"decoded,omitempty"`     // photos that the base's autoencoder gave back, of a folder each, to train on as well
	Generated   []Labeled `json:"generated,omitempty"`   // folders, likewise; the stage finds both in train
	Test        []Labeled `json:"test"`                  // those of one name are tiles of one photo, of which there is one prediction
	HeldOut     []Labeled `json:"held_out,omitempty"`    // folders of images that train nothing; their features are stored
	Autoencoded []Labeled `json:"autoencoded,omitempty"` // folders of test photos that the base's autoencoder gave back; the same

	Tiles int `json:"tiles,omitempty"` // the side of those that photos are seen in; -1 for a photo's shorter side, 0 for none

	Rendering
}

// Labeled is an image with its class or, with a count, generated images of one
// folder: so a plan and its keys need not list them one by one.
type Labeled struct {
	Path  Ref    `json:"path"`
	Class int    `json:"class"`           // index into Classes
	Name  string `json:"name,omitempty"`  // a test image's name in predictions.csv, or what it starts with
	First int    `json:"first,omitempty"` // number of the folder's first image
	Count int    `json:"count,omitempty"`
	Fold  int    `json:"fold,omitempty"` // from 1: that which a training photo is held out of, where there are folds

	Generated bool `json:"generated,omitempty"` // of a training image, as the stage finds it
}

// each lists the images of a folder one by one.
func (l Labeled) each() []Labeled {
	images := make([]Labeled, l.Count)
	for i := range images {
		name := imageName(l.First + i)
		images[i] = Labeled{Path: l.Path + Ref("/"+name), Class: l.Class, Fold: l.Fold, Generated: l.Generated}
		if l.Name != "" {
			images[i].Name = l.Name + "/" + name
		}
	}
	return images
}

// HeldOutImages lists the images held out one by one.
func (s Classify) HeldOutImages() []Labeled { return listedOf(s.HeldOut) }

// AutoencodedImages lists the autoencoded test photos one by one.
func (s Classify) AutoencodedImages() []Labeled { return listedOf(s.Autoencoded) }

func listedOf(folders []Labeled) []Labeled {
	var images []Labeled
	for _, folder := range folders {
		images = append(images, folder.each()...)
	}
	return images
}

// Tested lists the test photos: of one that is tested on in tiles, the first.
func (s Classify) Tested() []Labeled { return photosOf(s.Test) }

// photosOf lists, of tiles, the first of each photo.
func photosOf(tiles []Labeled) []Labeled {
	photos, seen := make([]Labeled, 0, len(tiles)), map[string]bool{}
	for _, img := range tiles {
		if !seen[img.Name] {
			seen[img.Name] = true
			photos = append(photos, img)
		}
	}
	return photos
}

// Trained counts the training images.
func (s Classify) Trained() int {
	return len(s.Train) + len(s.Decoded) + counted(s.Generated)
}

// counted is how many images folders have.
func counted(folders []Labeled) (images int) {
	for _, folder := range folders {
		images += folder.Count
	}
	return images
}

// OptimizerSteps is how many steps the training takes: an epoch draws as many
// images as there are, and the last step may reach into the next.
func (s Classify) OptimizerSteps() int {
	if s.Steps > 0 {
		return s.Steps
	}
	return s.upTo(s.Epochs)
}

// StepsIn is how many steps the training has made at the end of an epoch.
func (s Classify) StepsIn(epoch int) int { return min(s.upTo(epoch), s.OptimizerSteps()) }

func (s Classify) upTo(epochs int) int { return (epochs*s.Trained() + s.BatchSize - 1) / s.BatchSize }

// Kind and the methods below implement Spec.
func (Classify) Kind() string { return KindClassify }

// Resolve implements Spec. Every image is listed, class by class, photos first.
func (s Classify) Resolve(f func(Ref) Ref) Spec {
	s.Weights = f(s.Weights)
	train := slices.Concat(s.Train, listedOf(s.Decoded))
	for _, folder := range s.Generated {
		folder.Generated = true
		train = append(train, folder.each()...)
	}
	s.Train, s.Decoded, s.Generated = resolved(train, f), nil, nil
	slices.SortStableFunc(s.Train, func(a, b Labeled) int { return a.Class - b.Class })
	s.Test, s.HeldOut, s.Autoencoded = resolved(s.Test, f), resolved(s.HeldOutImages(), f), resolved(s.AutoencodedImages(), f)
	return s
}

func resolved(images []Labeled, f func(Ref) Ref) []Labeled {
	list := make([]Labeled, len(images))
	for i, img := range images {
		img.Path = f(img.Path)
		list[i] = img
	}
	return list
}

func (s Classify) Reads() []Reading {
	return []Reading{{Training, "trained on", pathsOf(s.Train)}, {Test, "tested on", pathsOf(s.Test)}}
}

func pathsOf(images []Labeled) iter.Seq[Ref] {
	return func(yield func(Ref) bool) {
		for _, img := range images {
			if !yield(img.Path) {
				return
			}
		}
	}
}

// MadeFrom implements Observer: what a trained classifier looks at does not shape it.
func (s Classify) MadeFrom() []Ref {
	return slices.Collect(pathsOf(slices.Concat(s.Decoded, s.Generated)))
}

// Backbone implements Backboned.
func (s Classify) Backbone() string { return s.Model }
func (s Classify) Opens() Ref       { return s.Weights }
func (Classify) Keeps() string      { return "" }
func (Classify) GroupKey() string   { return "" }

// Effort implements Spec, in images trained on. Each fold is a training more; what goes only
// forward through the network costs a third, and images that are not varied go through it once
// where the head is trained alone.
func (s Classify) Effort() float64 {
	trained := s.OptimizerSteps() * s.BatchSize
	once := len(s.Test) + s.featured()
	if s.ClassifierTraining.Train != experiment.TrainHead {
		return float64((1+s.Folds)*trained) + float64(once)/3
	}
	if s.Augment == experiment.NoAugment {
		trained = s.Trained()
	}
	return float64((1+s.Folds)*trained+once) / 3
}

// featured counts the features that are stored, before training and after.
func (s Classify) featured() int {
	if len(s.HeldOut) == 0 {
		return 0
	}
	return 2 * (len(s.Test) + counted(s.HeldOut) + counted(s.Autoencoded))
}

const classifierBytes = 1 << 20 // tables

func (s Classify) Output() Output {
	bytes := classifierBytes + int64(s.featured())*featureBytes(s.Model)
	if s.Keep {
		bytes += experiment.Backbones[s.Model].Stored
	}
	return Output{Classifiers: 1, TableBytes: bytes}
}

// Batch implements Spec: batch norm makes a batch part of the result.
func (Classify) Batch() (images, pieces int) { return 1, 1 }
func (Classify) InPieces(int) map[string]any { return nil }

func (Classify) Smaller() string {
	return "a smaller classifier.batch_size or resolution, or classifier.precision bf16"
}

// StepCount implements Stepped: a training on all images follows one a fold.
func (s Classify) StepCount() int { return (1 + s.Folds) * s.OptimizerSteps() }
func (Classify) Curve() string    { return "training.csv" }

// RandomSeed implements Seeded.
func (s Classify) RandomSeed() int64 { return s.Seed }
