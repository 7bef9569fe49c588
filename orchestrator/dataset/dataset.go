// Package dataset finds the photos of an experiment, hashes them, and decides
// which of them are tested on and in which order the others are drawn.
package dataset

import "fmt"

// Image is one photo of a dataset.
type Image struct {
	Name    string // slash-separated path below the dataset's root
	Path    string // absolute
	SHA256  string // of the file's bytes, in hex
	Class   string
	Variety string // a kind of part that has its own good images (elpv: mono, poly), or ""
	Split   Split
	Part    string // the physical part that it is said to show, or ""

	Picture Picture  // what it shows, if it was read
	Marking *Marking // where it shows a defect, if that was looked at and masks say it
}

// Fault is a mistake in what an experiment says of its photos.
type Fault struct {
	Class string // that there is not; "" for a mistake of another kind
	Key   string // of the experiment file: what is mistaken, if it is not the class
	Err   error
}

func (f *Fault) Error() string { return f.Err.Error() }
func (f *Fault) Unwrap() error { return f.Err }

func ofClass(class string, err error) error {
	return &Fault{Class: class, Err: fmt.Errorf("class %q: %w", class, err)}
}

// inMasks is a mistake in what is said of masks.
func inMasks(err error) error { return &Fault{Key: masksKey, Err: err} }

// The keys of an experiment file that say where photos and masks are, and which photos
// show one part.
const (
	rootKey  = "dataset.root"
	partsKey = "dataset.parts"
	masksKey = "dataset.masks"
)

// Split is what a dataset's own folders say an image is for.
type Split int

// The splits that dataset layouts know.
const (
	Pooled       Split = iota // the layout does not say: for training or for testing
	TrainingOnly              // mvtec: train/good
	TestingOnly               // mvtec: test/good
)

// Set is every usable image of the wanted classes.
type Set struct {
	Root       string
	Images     []Image     // sorted by class and name, each picture once
	Duplicates []Duplicate // further files that show what one in Images shows
	LeftOut    []LeftOut   // what may have been meant as an image and is not read
	Parted     bool        // whether it is said which images show one part
	Joined     int         // parts that count as one with another, since a picture shows both

	Levels Levels // that 16-bit images are read with
	Grey   Range  // of images of 16-bit grey
	Colour Range  // of images with 16 bits a colour, as far as that is read

	likeness func() map[string]string // of its images, by SHA-256; nil if nothing remembers it
}

// Duplicate is a file that shows what another file of its class shows.
type Duplicate struct {
	Name, Same string
	Recoded    bool // the files differ: in container, compression or what else they say
}

// String says which file is left out.
func (d Duplicate) String() string {
	if d.Recoded {
		return fmt.Sprintf("%s shows what %s shows and is left out", d.Name, d.Same)
	}
	return fmt.Sprintf("%s is a copy of %s and left out", d.Name, d.Same)
}

// Of lists the images of a class, by name.
func (s *Set) Of(class string) []Image {
	var images []Image
	for _, img := range s.Images {
		if img.Class == class {
			images = append(images, img)
		}
	}
	return images
}

// Variety is the variety that all images of a class share, or "" where they are of
// several or of none.
func (s *Set) Variety(class string) string {
	variety, some := "", false
	for _, img := range s.Images {
		switch {
		case img.Class != class:
		case !some:
			variety, some = img.Variety, true
		case img.Variety != variety:
			return ""
		}
	}
	return variety
}
