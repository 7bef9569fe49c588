package dataset

import (
	"crypto/sha256"
	"fmt"
	"iter"
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

	// Unused are images that are neither: others of their part are tested on, and a list
	// does not have them.
	Unused map[string][]Image
}

// Pool is every image of a class in drawing order, test images last. Study 1,
// which trains no classifier, may draw this far; study 2 may not.
func (d *Division) Pool(class string) []Image {
	return append(append([]Image{}, d.Train[class]...), d.Test[class]...)
}

// Tested are the images that are tested on, of all classes.
func (d *Division) Tested() iter.Seq[Image] {
	return func(yield func(Image) bool) {
		for _, images := range d.Test {
			for _, img := range images {
				if !yield(img) {
					return
				}
			}
		}
	}
}

// TestedHashes are the SHA256 of the images that are tested on.
func (d *Division) TestedHashes() map[string]bool {
	tested := map[string]bool{}
	for img := range d.Tested() {
		tested[img.SHA256] = true
	}
	return tested
}

// Tests says which images are tested on: so many of each class, or those that are
// listed.
type Tests struct {
	Counts map[string]int  // by class
	Listed map[string]bool // by SHA256; nil for the counts
}

// Divide keeps images of every class for testing: as many as tests asks for, or those
// that it lists. Images that are in seen (those that the base model was trained on,
// by their files or by what they show) are never tested on. The same seed gives the
// same division, whatever the order of the images.
//
// Images of one part stay together, whatever their class, and their number is then as
// near to what is asked for as whole parts allow.
func Divide(set *Set, classes []string, tests Tests, seen map[string]bool, seed int64) (*Division, error) {
	d := &Division{Train: map[string][]Image{}, Test: map[string][]Image{}, Kept: map[string]int{}, Unused: map[string][]Image{}}
	tested, err := chooseParts(set, classes, tests, seen, seed)
	if err != nil {
		return nil, err
	}
	for _, class := range classes {
		for _, img := range shuffled(set.Of(class), seed, class) {
			switch listed := tests.Listed[img.SHA256]; {
			case tested[img.PartOf()] && tests.Listed != nil && !listed:
				d.Unused[class] = append(d.Unused[class], img)
			case tested[img.PartOf()]:
				d.Test[class] = append(d.Test[class], img)
			default:
				if img.In(seen) && img.Split != TrainingOnly {
					d.Kept[class]++
				}
				d.addTraining(img)
			}
		}
	}
	return d, nil
}

// chooseParts chooses the parts that are tested on, one class after another: the first
// of a shuffled order that together have the number of images that is wanted.
func chooseParts(set *Set, classes []string, tests Tests, seen map[string]bool, seed int64) (map[string]bool, error) {
	tested, barred, kept := map[string]bool{}, map[string]bool{}, map[string]int{}
	for _, img := range set.Images {
		known := img.In(seen)
		if known || img.Split == TrainingOnly && tests.Listed == nil {
			barred[img.PartOf()] = true
		}
		if known && img.Split != TrainingOnly {
			kept[img.Class]++
		}
	}
	decided := map[string]bool{} // parts of an earlier class
	for _, class := range classes {
		if tests.Listed != nil {
			if err := chooseListed(set, class, tests.Listed, barred, tested); err != nil {
				return nil, err
			}
			continue
		}
		var free []group
		have, all, out, want := 0, 0, 0, tests.Counts[class]
		for _, g := range grouped(shuffled(set.Of(class), seed, class)) {
			switch {
			case tested[g.part]:
				have += len(g.images)
			case !decided[g.part] && !barred[g.part]:
				free = append(free, g)
				all += len(g.images)
			case barred[g.part]:
				for _, img := range g.images {
					if img.Split != TrainingOnly && !img.In(seen) {
						out++
					}
				}
			}
			decided[g.part] = true
		}
		got := have
		for i, chosen := range nearest(free, max(0, want-have)) {
			if chosen {
				tested[free[i].part] = true
				got += len(free[i].images)
			}
		}
		if short := have+all < want; short || got == 0 && want > 0 {
			return nil, &ShortageError{Class: class, Have: have + all, Want: want, Use: "testing", Kept: kept[class], Barred: out, Parts: partsOf(free, want)}
		}
	}
	return tested, nil
}

// chooseListed has the parts of a class's listed images tested on.
func chooseListed(set *Set, class string, listed, barred, tested map[string]bool) error {
	found := false
	for _, img := range set.Of(class) {
		if !listed[img.SHA256] {
			continue
		}
		if found = true; barred[img.PartOf()] {
			return fmt.Errorf("conditions.test: photo %s may not be tested on: the base model was trained on it, or on another of its part", img.Name)
		}
		tested[img.PartOf()] = true
	}
	if !found {
		return fmt.Errorf("conditions.test: the list has no photo of class %q", class)
	}
	return nil
}

// partsOf says how many images the smallest part has, where that is why none is tested
// on; 0 otherwise.
func partsOf(free []group, want int) int {
	smallest := 0
	for _, g := range free {
		if n := len(g.images); smallest == 0 || n < smallest {
			smallest = n
		}
	}
	if smallest <= want {
		return 0
	}
	return smallest
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
	Key        string // of the experiment file: what asks for them; "" for what it says of testing
	Kept       int    // unusable for testing, since the base model was trained on them
	Tested     string // the test images that would be next, by name
	Barred     int    // unusable for testing, since others of their parts are for training only
	Parts      int    // images of the smallest part, where that is more than wanted
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
	if e.Barred > 0 {
		text += fmt.Sprintf(" (%d more show parts of which other photos are for training only, or known to the base model)", e.Barred)
	}
	if e.Parts > 0 {
		text += fmt.Sprintf(" (the smallest part has %d, and parts are tested on as a whole)", e.Parts)
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
