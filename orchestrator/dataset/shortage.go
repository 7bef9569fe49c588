package dataset

import (
	"fmt"
	"strings"

	"github.com/dustin/go-humanize/english" // one task, two tasks; MIT
)

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
