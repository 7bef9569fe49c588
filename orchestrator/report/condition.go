package report

import (
	"kizu/orchestrator/experiment"
	"kizu/orchestrator/plan"
	"kizu/orchestrator/result"
)

// condition is one training set of study 2 over all seeds.
type condition struct {
	name  string
	set   *experiment.TrainingSet
	cells []*cell

	// Of the cells that are done:
	runs     []*cell
	accuracy result.Spread
	macroF1  result.Spread
	// interval is Wilson's for one run of the mean accuracy. All seeds are
	// tested on the same images, so further seeds do not make it narrower.
	interval result.Interval
	total    *result.Confusion // summed over seeds; nil if none is done
}

// addCondition adds a cell to the condition that it is of.
func addCondition(list []*condition, c *cell) []*condition {
	for _, known := range list {
		if known.name == c.Name {
			known.cells = append(known.cells, c)
			return list
		}
	}
	return append(list, &condition{name: c.Name, set: &c.Condition.TrainingSet, cells: []*cell{c}})
}

func (c *condition) summarize() error {
	var accuracies, f1s []float64
	var matrices []*result.Confusion
	for _, cell := range c.cells {
		if cell.state == done {
			c.runs = append(c.runs, cell)
			matrices = append(matrices, cell.confusion)
			accuracies = append(accuracies, cell.confusion.Accuracy())
			f1s = append(f1s, cell.confusion.MacroF1())
		}
	}
	if len(matrices) == 0 {
		return nil
	}
	c.accuracy, c.macroF1 = result.Over(accuracies), result.Over(f1s)
	c.interval = result.Wilson(c.accuracy.Mean, matrices[0].Tested())
	var err error
	c.total, err = result.Sum(matrices...)
	return err
}

// differsFrom reports whether the results tell two conditions apart: their
// intervals do not overlap, and neither do the accuracies of their seeds.
func (c *condition) differsFrom(other *condition) bool {
	if c.interval.Overlaps(other.interval) {
		return false
	}
	lower, higher := c, other
	if other.accuracy.Mean < c.accuracy.Mean {
		lower, higher = other, c
	}
	for _, low := range lower.runs {
		for _, high := range higher.runs {
			if low.confusion.Accuracy() >= high.confusion.Accuracy() {
				return false
			}
		}
	}
	return true
}

// testImages is what all conditions are tested on.
type testImages struct {
	total    int
	classes  []result.Class // with their counts only
	majority string         // the most frequent class
	baseline float64        // accuracy of always answering with it
}

// testImagesOf counts the test images in the plan, whether or not a condition
// is done.
func testImagesOf(p *plan.Plan) testImages {
	for _, cell := range p.Cells {
		if cell.Classify == nil {
			continue
		}
		spec := cell.Classify.Spec.(plan.Classify)
		labels := &result.Predictions{Classes: spec.Classes}
		for _, img := range spec.Test {
			labels.Images = append(labels.Images, result.Prediction{Label: img.Class})
		}
		m := result.Tally(labels)
		t := testImages{total: m.Tested()}
		for i := range m.Classes {
			t.classes = append(t.classes, result.Class{Name: m.Of(i).Name, Count: m.Of(i).Count})
		}
		t.majority, t.baseline = m.Majority()
		return t
	}
	return testImages{}
}
