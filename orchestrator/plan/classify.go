package plan

import (
	"slices"

	"kizu/orchestrator/dataset"
)

// Classify asks for a classifier to be trained and its test predictions.
type Classify struct {
	Seed         int64     `json:"seed"`
	Model        string    `json:"model"`
	Weights      Ref       `json:"weights"`
	Resolution   int       `json:"resolution"`
	Epochs       int       `json:"epochs,omitempty"`
	Steps        int       `json:"steps,omitempty"`
	BatchSize    int       `json:"batch_size"`
	LearningRate float64   `json:"learning_rate"`
	WeightDecay  float64   `json:"weight_decay"`
	Precision    string    `json:"precision"`
	Sampling     string    `json:"sampling"` // plain or balanced
	Classes      []string  `json:"classes"`
	Train        []Labeled `json:"train"`
	Generated    []Labeled `json:"generated,omitempty"` // folders, to train on as well; the stage finds them in train
	Test         []Labeled `json:"test"`
	HeldOut      []Labeled `json:"held_out,omitempty"`    // folders of images that train nothing; their features are stored
	Autoencoded  []Labeled `json:"autoencoded,omitempty"` // folders of test photos that the base's autoencoder gave back; the same

	Levels dataset.Levels `json:"levels,omitempty"` // of 16-bit photos
}

// Labeled is an image with its class or, with a count, generated images of one
// folder: so a plan and its keys need not list them one by one.
type Labeled struct {
	Path  Ref    `json:"path"`
	Class int    `json:"class"`           // index into Classes
	Name  string `json:"name,omitempty"`  // a test image's name in predictions.csv, or what it starts with
	First int    `json:"first,omitempty"` // number of the folder's first image
	Count int    `json:"count,omitempty"`
}

// each lists the images of a folder one by one.
func (l Labeled) each() []Labeled {
	images := make([]Labeled, l.Count)
	for i := range images {
		name := imageName(l.First + i)
		images[i] = Labeled{Path: l.Path + Ref("/"+name), Class: l.Class}
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

// trained counts the training images.
func (s Classify) trained() int {
	n := len(s.Train)
	for _, folder := range s.Generated {
		n += folder.Count
	}
	return n
}

// OptimizerSteps is how many steps the training takes: an epoch draws as many
// images as there are, and the last step may reach into the next.
func (s Classify) OptimizerSteps() int {
	if s.Steps > 0 {
		return s.Steps
	}
	return (s.Epochs*s.trained() + s.BatchSize - 1) / s.BatchSize
}

// Resolve implements Spec. Every image is listed, class by class, photos first.
func (s Classify) Resolve(f func(Ref) Ref) Spec {
	s.Weights = f(s.Weights)
	train := s.Train
	for _, folder := range s.Generated {
		train = append(train[:len(train):len(train)], folder.each()...)
	}
	s.Train, s.Generated = resolved(train, f), nil
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
