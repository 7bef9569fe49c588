package dataset

import (
	"crypto/sha256"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english" // one task, two tasks; MIT
)

// Division is a dataset cut in two: images that are tested on, and an order in which all others are
// drawn. Every use of n images of a class takes the first n, so that smaller choices are contained
// in larger ones and comparisons are paired.
type Division struct {
	Train map[string][]Image // by class, in drawing order
	Test  map[string][]Image // by class
	Kept  map[string]int     // images that may not be tested on, since the base model has seen them

	// Unused are images that are neither: others of their part are tested on, and a list
	// does not have them.
	Unused map[string][]Image

	Testable map[string]int   // images that may be tested on, by class
	Short    []*ShortageError // classes of which too few images can be tested on
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

// Tests says which images are tested on: so many of each class, or those that are listed.
type Tests struct {
	Counts map[string]int  // by class
	Listed map[string]bool // by SHA256; nil for the counts
	List   string          // the name of their list, for errors
}

// Divide keeps images of every class for testing: as many as tests asks for, or those
// that it lists. Images that are in seen (those that the base model was trained on,
// by their files or by what they show) are never tested on. The same seed gives the
// same division, whatever the order of the images.
//
// Images of one part stay together, whatever their class, and their number is then as
// near to what is asked for as whole parts allow. The error is one of a list.
func Divide(set *Set, classes []string, tests Tests, seen map[string]bool, seed int64) (*Division, error) {
	d := &Division{Train: map[string][]Image{}, Test: map[string][]Image{}, Kept: map[string]int{}, Unused: map[string][]Image{}, Testable: map[string]int{}}
	c := newChoice(set, classes, tests, seen, seed)
	if tests.Listed == nil {
		c.chooseParts()
		d.Short = c.short(set)
	} else if err := c.chooseListed(set); err != nil {
		return nil, err
	}
	for i, class := range classes {
		d.Testable[class] = images(c.free[i])
		for _, img := range shuffled(set.Of(class), splitOrder(seed, class)) {
			switch listed := tests.Listed[img.SHA256]; {
			case c.tested[img.PartOf()] && tests.Listed != nil && !listed:
				d.Unused[class] = append(d.Unused[class], img)
			case c.tested[img.PartOf()]:
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

// Redrawn is the division with training photos in another order for every draw, the same
// for all who draw from it; draw 0 is that of the division itself.
func (d *Division) Redrawn(draw int64) *Division {
	if draw == 0 {
		return d
	}
	redrawn := *d
	redrawn.Train = map[string][]Image{}
	for class, images := range d.Train {
		redrawn.Train[class] = shuffled(slices.Clone(images), fmt.Sprintf("draw\x00%d\x00%s", draw, class))
	}
	return &redrawn
}

// addTraining adds an image to the drawing order, unless its layout says that
// it is for testing only.
func (d *Division) addTraining(img Image) {
	if img.Split != TestingOnly {
		d.Train[img.Class] = append(d.Train[img.Class], img)
	}
}

// splitOrder names the order in which images of a class are divided, for shuffled.
func splitOrder(seed int64, class string) string {
	return fmt.Sprintf("split\x00%d\x00%s", seed, class)
}

// shuffled orders images by a hash of the order's name and each image's content. Renaming or moving
// files changes nothing, and an image added later takes its place without reordering the others.
func shuffled(images []Image, order string) []Image {
	rank := make(map[string]string, len(images))
	for _, img := range images {
		sum := sha256.Sum256([]byte(order + "\x00" + img.SHA256))
		rank[img.SHA256] = string(sum[:])
	}
	slices.SortFunc(images, func(a, b Image) int { return strings.Compare(rank[a.SHA256], rank[b.SHA256]) })
	return images
}

// ShortageError is a class with too few images.
type ShortageError struct {
	Class      string
	Have, Want int
	Use        string // what they are for
	Kept       int    // unusable for testing, since the base model was trained on them
	Tested     string // the test images that would be next, by name
	Barred     int    // unusable for testing, since others of their parts are for training only
	Parts      int    // images of the smallest part, where whole parts are why none is tested on
	Unused     int    // unusable for training, since others of their parts are tested on
	OnePart    string // that all images of the class show
}

func (e *ShortageError) Error() string {
	need := fmt.Sprintf("%d %s needed", e.Want, english.PluralWord(e.Want, "is", "are"))
	if e.OnePart != "" {
		return fmt.Sprintf("class %q: all its images show one part (%s), which is tested on as a whole or not at all, and none is left for %s, where %s: correct dataset.parts, or add images of other parts",
			e.Class, e.OnePart, e.Use, need)
	}
	if e.Parts > 0 {
		return fmt.Sprintf("class %q: %s for %s, and parts are tested on as a whole, of which the smallest has %d images of the class: ask for more, or correct dataset.parts",
			e.Class, need, e.Use, e.Parts)
	}
	text := fmt.Sprintf("class %q has %d %s for %s, and %s", e.Class, e.Have, english.PluralWord(e.Have, "image", ""), e.Use, need)
	if e.Kept > 0 {
		text += fmt.Sprintf(" (%d more were trained on by the base model and may not be tested on)", e.Kept)
	}
	if e.Tested != "" {
		text += fmt.Sprintf(" (test images would be next, and none may reach a classifier's training: %s)", e.Tested)
	}
	if e.Barred > 0 {
		text += fmt.Sprintf(" (%d more show parts of which other photos are for training only, or known to the base model)", e.Barred)
	}
	if e.Unused > 0 {
		text += fmt.Sprintf(" (%d more show parts of which other photos are tested on, and train nothing)", e.Unused)
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
