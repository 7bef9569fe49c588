package dataset

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english" // one task, two tasks; MIT
)

// Division is a dataset cut in two: images that are tested on, and an order in
// which all others are drawn. Every use of n images of a class takes the first
// n, so that smaller choices are contained in larger ones and comparisons are
// paired.
type Division struct {
	Train map[string][]Image // by class, in drawing order
	Test  map[string][]Image // by class
	Kept  map[string]int     // images that may not be tested on, since the base model has seen them
}

// Pool is every image of a class in drawing order, test images last. Study 1,
// which trains no classifier, may draw this far; study 2 may not.
func (d *Division) Pool(class string) []Image {
	return append(append([]Image{}, d.Train[class]...), d.Test[class]...)
}

// Divide keeps tests[class] images of every class for testing. Images that are
// in seen (those that the base model was trained on, by their files or by what
// they show) are never tested on. The same seed gives the same division, whatever
// the order of the images.
func Divide(set *Set, classes []string, tests map[string]int, seen map[string]bool, seed int64) (*Division, error) {
	d := &Division{Train: map[string][]Image{}, Test: map[string][]Image{}, Kept: map[string]int{}}
	for _, class := range classes {
		for _, img := range shuffled(set.Of(class), seed, class) {
			switch eligible := img.Split != TrainingOnly; {
			case eligible && img.In(seen):
				d.Kept[class]++
				d.addTraining(img)
			case eligible && len(d.Test[class]) < tests[class]:
				d.Test[class] = append(d.Test[class], img)
			default:
				d.addTraining(img)
			}
		}
		if have, want := len(d.Test[class]), tests[class]; have < want {
			return nil, &ShortageError{Class: class, Have: have, Want: want, Use: "testing", Kept: d.Kept[class]}
		}
	}
	return d, nil
}

// addTraining adds an image to the drawing order, unless its layout says that
// it is for testing only.
func (d *Division) addTraining(img Image) {
	if img.Split != TestingOnly {
		d.Train[img.Class] = append(d.Train[img.Class], img)
	}
}

// ShortageError is a class with too few images.
type ShortageError struct {
	Class      string
	Have, Want int
	Use        string // what they are for
	Kept       int    // unusable for testing, since the base model was trained on them
	Tested     string // the test images that would be next, by name
}

func (e *ShortageError) Error() string {
	text := fmt.Sprintf("class %q has %d %s for %s, and %d %s needed",
		e.Class, e.Have, english.PluralWord(e.Have, "image", ""), e.Use, e.Want, english.PluralWord(e.Want, "is", "are"))
	if e.Kept > 0 {
		text += fmt.Sprintf(" (%d more were trained on by the base model and may not be tested on)", e.Kept)
	}
	if e.Tested != "" {
		text += fmt.Sprintf(" (test images would be next, and none may reach a classifier's training: %s)", e.Tested)
	}
	return text + ": add images or ask for fewer"
}

// Names lists the first few images by name.
func Names(images []Image) string {
	const shown = 5
	var names []string
	for _, img := range images[:min(len(images), shown)] {
		names = append(names, img.Name)
	}
	text := strings.Join(names, ", ")
	if more := len(images) - shown; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// shuffled orders images by a hash of the seed, the class and each image's
// content. Renaming or moving files changes nothing, and an image added later
// takes its place without reordering the others.
func shuffled(images []Image, seed int64, class string) []Image {
	rank := make(map[string]string, len(images))
	for _, img := range images {
		sum := sha256.Sum256(fmt.Appendf(nil, "split\x00%d\x00%s\x00%s", seed, class, img.SHA256))
		rank[img.SHA256] = string(sum[:])
	}
	slices.SortFunc(images, func(a, b Image) int { return strings.Compare(rank[a.SHA256], rank[b.SHA256]) })
	return images
}
