package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/experiment"
	"kizu/orchestrator/plan"
	"kizu/orchestrator/result"
	"kizu/orchestrator/stage"
)

// condition is one training set, or one detector, of study 2 over all seeds.
type condition struct {
	name     string
	set      *experiment.TrainingSet
	detector *experiment.Detector // nil of a training set
	cells    []*cell
	composition

	// Of the cells that are done:
	runs      []*cell
	results   *result.Runs // nil if none is done, and of a detector
	accuracy  result.Estimate
	macroF1   result.Estimate
	balanced  result.Estimate
	kinds     *kindsOver        // nil without generated images
	detection *result.Detection // nil if the test images are all good, or all defective

	inspected  *result.Runs // what an inspection does; nil with detection
	inspection result.Inspection
	goodClass  int // of inspected, an index into its classes

	total *result.Confusion // summed over seeds
}

// addCondition adds a cell to the condition that it is of.
func addCondition(list []*condition, c *cell) []*condition {
	for _, known := range list {
		if known.name == c.Name {
			known.cells = append(known.cells, c)
			return list
		}
	}
	return append(list, &condition{name: c.Name, set: &c.Condition.TrainingSet, detector: c.Condition.Detector, cells: []*cell{c}, composition: compositionOf(c.Tested())})
}

// summarize joins the runs; partOf says which part a test image shows, if that is told, and
// good is the class of good parts.
func (c *condition) summarize(partOf func(image string) string, good string) (err error) {
	var seeds []int64
	var predictions []*result.Predictions
	var matrices []*result.Confusion
	for _, cell := range c.cells {
		if cell.state == done {
			c.runs = append(c.runs, cell)
			seeds = append(seeds, cell.Seed)
			predictions = append(predictions, cell.predictions)
			if cell.confusion != nil {
				matrices = append(matrices, cell.confusion)
			}
		}
	}
	if len(c.runs) == 0 {
		return nil
	}
	if c.detector != nil {
		return c.detect(seeds, predictions, partOf, good)
	}
	if c.results, err = result.NewRuns(seeds, predictions); err != nil {
		return err
	}
	c.results.SetParts(partOf)
	c.accuracy, c.macroF1, c.balanced = c.results.Accuracy(), c.results.MacroF1(), c.results.BalancedAccuracy()
	if err = c.detect(seeds, predictions, partOf, good); err != nil {
		return err
	}
	c.kinds = overKinds(c.runs)
	c.total, err = result.Sum(matrices...)
	return err
}

// classifier is how the condition's classifiers are trained.
func (c *condition) classifier() experiment.Classifier { return c.cells[0].Condition.Classifier }

// method is the one by which the condition's generated images are made; "" where it has none.
func (c *condition) method() string {
	if !c.set.UsesGenerated() {
		return ""
	}
	return c.cells[0].Condition.LoRA.Generate.Method
}

// generatedWord stands for generated images beside their number: it names the method where
// the study has another than the usual one.
func (r *Report) generatedWord(c *condition) string {
	named := func(c *condition) bool { return c.method() != "" && c.method() != experiment.UsualMethod }
	word := "gen."
	if slices.ContainsFunc(r.conditions, named) && c.method() != "" {
		word += " by " + c.method()
	}
	if chosen, _, ok := strings.Cut(c.chosen(), ","); ok { // the rule stands beside the images
		word += ", " + chosen
	}
	return word
}

// chosen says how the condition's generated images are chosen among candidates; "" where they
// are not, or it has none.
func (c *condition) chosen() string {
	if !c.set.UsesGenerated() {
		return ""
	}
	return c.cells[0].Condition.LoRA.Generate.Select.Text()
}

// onBoth reports whether the training set has both kinds of images.
func (c *condition) onBoth() bool {
	return c.set.UsesGenerated() && c.set.Good.Photos()+c.set.Defects.Photos() > 0
}

// testImages is what all conditions are tested on.
type testImages struct {
	total    int
	parts    int            // that they show; 0 where parts are not told
	classes  []result.Class // with their counts only
	majority string         // the most frequent class
	baseline float64        // accuracy of always answering with it
}

// testImagesOf counts the test images in the plan, whether or not a condition is done.
func testImagesOf(p *plan.Plan) testImages {
	for _, cell := range p.Cells {
		var tested []stage.Labeled
		switch {
		case cell.Tested() == nil:
			continue
		case cell.Detect != nil:
			tested = cell.Detect.Spec.(stage.Detect).Tested()
		default:
			tested = cell.Classify.Spec.(stage.Classify).Tested()
		}
		labels := &result.Predictions{Classes: p.Experiment.Dataset.Classes()}
		for _, img := range tested {
			labels.Images = append(labels.Images, result.Prediction{Label: img.Class})
		}
		m := result.Tally(labels)
		t := testImages{total: m.Tested(), parts: p.TestedParts()}
		for i := range m.Classes {
			t.classes = append(t.classes, result.Class{Name: m.Of(i).Name, Count: m.Of(i).Count})
		}
		t.majority, t.baseline = m.Majority()
		return t
	}
	return testImages{}
}

// reference is what the experiment file says that somebody else reported; nil if it says nothing.
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

// asReported writes an accuracy with no more digits than the file gives, and with two at least.
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
