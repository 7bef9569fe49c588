package report

import (
	"fmt"

	"kizu/orchestrator/experiment"
	"kizu/orchestrator/result"
)

// reference is what the experiment file says that somebody else reported; nil
// if it says nothing.
func (r *Report) reference() *experiment.Reference { return r.plan.Experiment.Reference }

// referenceFigure is the reported accuracy of a condition's training set, with
// its interval where the number of test images is known.
func (r *Report) referenceFigure(c *condition) string {
	ref := r.reference()
	value, ok := ref.Accuracy[c.set.Name]
	switch {
	case !ok:
		return "–"
	case ref.TestImages == 0:
		return fmt.Sprint(value)
	}
	return fmt.Sprintf("%g (%s)", value, between(result.Wilson(value, ref.TestImages)))
}

// referenceNote says whose the figures are.
func (r *Report) referenceNote() string {
	ref := r.reference()
	text := fmt.Sprintf("%s: accuracy as reported by %s", ref.Name, ref.Source)
	if ref.TestImages > 0 {
		text += fmt.Sprintf(", with the 95 %% Wilson interval of its %s", plural(ref.TestImages, "test image"))
	}
	return text + "; shown beside these results and not tested against them, since its test images and settings are others"
}
