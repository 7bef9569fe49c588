package report

import (
	"fmt"

	"kizu/orchestrator/report/gallery"
	"kizu/orchestrator/result"
)

// conditionsView is study 2 on the page.
type conditionsView struct {
	Model, Weights string
	Tests          testView
	Seeds          int
	Rows           []conditionRow
	Classes        []result.Class
	Confusions     []confusionView
	Pairs          *gridView
	Worth          *gridView // in real photos
	Kinds          *gridView // real or generated?
	Judged         *gridView // what the images show
	Detection      *gridView
	Ranked         *gridView          // detectors' AUROC
	Inspected      *result.Inspection // of any, for the numbers of test images; nil without any
	Mistakes       *gallery.View      // of the training sets that the verdict is about
	OtherMistakes  *gallery.View
	Samples        *gallery.View
	Reference      string // the name of its column; "" for none
	ReferenceNote  string
	OverSeeds      string // what ± and intervals are
	Redraw         string // how many photos every seed drew anew; "" for none
	Similar        string // of test photos and photos that are trained on; "" for none
	Confounds      []string
	Repeated       bool // with several seeds, so that training sets can be compared
}

type testView struct {
	Total       int
	Composition string
	Majority    string
	Baseline    string // as a share
	At          string // as a position
}

// conditionRow is one training set.
type conditionRow struct {
	Name              string
	Good, Defects     string
	State             state // of a row without a run
	Done              bool
	Bar               barView
	Accuracy          string
	Interval          string
	Escapes           string // mean numbers of test images
	FalseAlarms       string
	MacroF1           string
	Balanced          string
	Seeds             string
	Recalls           []recallView
	Reference         string
	ReferenceInterval string
}

type recallView struct {
	Class string
	Share string
	Text  string // found of all
	At    string
}

// barView is an accuracy with its interval; positions are percentages.
type barView struct {
	Mean, Low, High, Width string
	Seeds                  []string
	Label                  string
}

// confusionView is one condition's confusion matrix.
type confusionView struct {
	Name    string
	Runs    int
	Classes []string
	Rows    []confusionRow
}

type confusionRow struct {
	Class string
	Cells []confusionCell
}

type confusionCell struct {
	N       int
	Share   string // of the row, 0 to 1
	Correct bool
	Title   string
}

func (r *Report) conditionsView(pictures *gallery.Album) *conditionsView {
	if len(r.conditions) == 0 {
		return nil
	}
	k := r.plan.Experiment.Classifier
	view := &conditionsView{
		Model: k.Model, Weights: k.Weights, Seeds: len(r.seeds()), Classes: r.tests.classes,
		OverSeeds: result.OverSeeds(r.plan.Experiment.Redraws()), Redraw: r.plan.RedrawNote(), Similar: r.plan.SimilarNote(), Confounds: r.confounds(), Repeated: result.Repeated(r.comparisons()),
		Tests: testView{r.tests.total, r.tests.composition(), r.tests.majority, share(r.tests.baseline), percent(r.tests.baseline)},
	}
	if r.reference() != nil {
		view.Reference, view.ReferenceNote = r.reference().Name, r.referenceNote()
	}
	for _, c := range r.conditions {
		row := conditionRow{
			Name: c.name, Good: c.set.Good.Text(r.generatedWord(c)), Defects: c.set.Defects.Text(r.generatedWord(c)),
			State: stateOfRow(c.cells), Seeds: progress(len(c.runs), len(c.cells)),
		}
		if r.reference() != nil {
			row.Reference, row.ReferenceInterval = r.referenceFigure(c)
		}
		if c.inspected != nil {
			view.Inspected = &c.inspection
		}
		if len(c.runs) > 0 {
			c.fill(&row)
		}
		if c.total != nil {
			view.Confusions = append(view.Confusions, c.confusionView())
		}
		view.Rows = append(view.Rows, row)
	}
	view.Pairs, view.Detection, view.Worth = viewOf(r.pairGrid()), viewOf(r.detectionGrid()), viewOf(r.worthGrid())
	view.Ranked, view.Kinds, view.Judged = viewOf(r.rankedGrid()), viewOf(r.kindsGrid()), viewOf(r.samplesJudged())
	asSeen := pictures.Smaller(k.Resolution)
	about, others := r.mistakesGalleries()
	view.Mistakes, view.OtherMistakes, view.Samples = about.View(asSeen), others.View(asSeen), r.sampleGallery().View(pictures)
	return view
}

// fill completes the row of a condition that has runs.
func (c *condition) fill(row *conditionRow) {
	row.Done = true
	if c.inspected != nil {
		row.Escapes, row.FalseAlarms = numberOf(c.inspection.Escapes, c.inspection.Defective), numberOf(c.inspection.FalseAlarms, c.inspection.Good)
	}
	if c.results == nil { // a detector tells no class
		row.Accuracy, row.Interval = "–", "–"
		return
	}
	row.Accuracy, row.Interval = overSeeds(c.accuracy.Spread), between(c.accuracy.Interval)
	row.MacroF1, row.Balanced = overSeeds(c.macroF1.Spread), overSeeds(c.balanced.Spread)
	mean, interval := c.accuracy.Mean, c.accuracy.Interval
	row.Bar = barView{
		Mean: percent(mean), Low: percent(interval.Low), High: percent(interval.High),
		Width: percent(interval.High - interval.Low),
		Label: fmt.Sprintf("%s: accuracy %s, 95 %% interval %s to %s", c.name, row.Accuracy, share(interval.Low), share(interval.High)),
	}
	for _, run := range c.runs {
		if len(c.runs) > 1 {
			row.Bar.Seeds = append(row.Bar.Seeds, percent(run.confusion.Accuracy()))
		}
	}
	for i := range c.total.Classes {
		class := c.total.Of(i)
		row.Recalls = append(row.Recalls, recallView{
			class.Name, share(class.Recall()), fmt.Sprintf("%d of %d", class.Correct, class.Count), percent(class.Recall()),
		})
	}
}

func (c *condition) confusionView() confusionView {
	view := confusionView{Name: c.name, Runs: len(c.runs), Classes: c.total.Classes}
	for i, counts := range c.total.Counts {
		class := c.total.Of(i)
		row := confusionRow{Class: class.Name}
		for j, n := range counts {
			part := 0.0
			if class.Count > 0 {
				part = float64(n) / float64(class.Count)
			}
			row.Cells = append(row.Cells, confusionCell{
				N: n, Share: fmt.Sprintf("%.2f", part), Correct: i == j,
				Title: fmt.Sprintf("%d of %d %s taken for %s", n, class.Count, class.Name, c.total.Classes[j]),
			})
		}
		view.Rows = append(view.Rows, row)
	}
	return view
}

// percent is a share as a position in a chart.
func percent(share float64) string { return fmt.Sprintf("%.2f", 100*share) }
