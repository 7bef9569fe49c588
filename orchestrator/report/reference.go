package report

import (
	"fmt"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/experiment"
	"kizu/orchestrator/result"
)

// reference is what the experiment file says that somebody else reported; nil
// if it says nothing.
func (r *Report) reference() *experiment.Reference { return r.plan.Experiment.Reference }

// referenceFigure is the reported accuracy of a condition's training set, and
// its interval where the number of test images is known.
func (r *Report) referenceFigure(c *condition) (accuracy, interval string) {
	ref := r.reference()
	value, ok := ref.Accuracy[c.set.Name]
	switch {
	case !ok:
		return "–", "–"
	case ref.TestImages == 0:
		return asReported(value), "–"
	}
	return asReported(value), between(result.Wilson(value, ref.TestImages))
}

// asReported writes an accuracy with no more digits than the file gives, and
// with two at least.
func asReported(value float64) string {
	if text := fmt.Sprintf("%.2f", value); text == fmt.Sprint(value) || text == fmt.Sprint(value)+"0" {
		return text
	}
	return fmt.Sprint(value)
}

// referenceNote says whose the figures are.
func (r *Report) referenceNote() string {
	ref := r.reference()
	text := fmt.Sprintf("%s: accuracy as reported by %s", ref.Name, ref.Source)
	if ref.TestImages > 0 {
		text += fmt.Sprintf(", of %s (its interval is Wilson's)", english.Plural(ref.TestImages, "test image", ""))
	}
	return text + "; shown beside these results and not tested against them, since its test images and settings are others"
}
