package result

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid" // property tests with shrinking; MPL-2.0, tests only
)

// near holds a value to a reference of a good ten digits.
func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-10 {
		t.Errorf("%s is %.12f, want %.12f", what, got, want)
	}
}

// predictions makes a table from pairs of label and prediction.
func predictions(classes int, labels, predicted []int) *Predictions {
	p := &Predictions{}
	for i := range classes {
		p.Classes = append(p.Classes, fmt.Sprint("class ", i))
	}
	for i := range labels {
		p.Images = append(p.Images, Prediction{Image: fmt.Sprint(i), Label: labels[i], Predicted: predicted[i]})
	}
	return p
}

// The wanted values are scikit-learn 1.9.1's accuracy_score, f1_score
// (average="macro"), balanced_accuracy_score, recall_score, precision_score and
// f1_score (average=None) for the same two lists.
func TestMetricsAgainstScikitLearn(t *testing.T) {
	c := Tally(predictions(3,
		[]int{0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2},
		[]int{0, 0, 0, 0, 1, 2, 1, 1, 0, 0, 0, 2}))
	near(t, "accuracy", c.Accuracy(), 7.0/12)
	near(t, "macro-F1", c.MacroF1(), 0.5606837606837606)
	near(t, "balanced accuracy", c.BalancedAccuracy(), 0.5555555555555555)
	for i, want := range []struct{ recall, precision, f1 float64 }{
		{4.0 / 6, 4.0 / 7, 8.0 / 13}, {2.0 / 3, 2.0 / 3, 2.0 / 3}, {1.0 / 3, 1.0 / 2, 2.0 / 5},
	} {
		near(t, "recall", c.Of(i).Recall(), want.recall)
		near(t, "precision", c.Of(i).Precision(), want.precision)
		near(t, "F1", c.Of(i).F1(), want.f1)
	}
	if class, share := c.Majority(); class != "class 0" || share != 0.5 {
		t.Errorf("majority: %s, %g", class, share)
	}
	always := Tally(predictions(3, []int{0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2}, make([]int, 12)))
	near(t, "macro-F1 of one answer", always.MacroF1(), 2.0/9)
	near(t, "balanced accuracy of one answer", always.BalancedAccuracy(), 1.0/3)
}

// ARTICLE: of 70 test images 40 are good, and always answering "good" scores
// 0.571.
func TestMajorityOfTheArticle(t *testing.T) {
	c := &Confusion{Classes: []string{"good", "crack", "cut", "hole", "print"}, Counts: [][]int{
		{40, 0, 0, 0, 0}, {8, 0, 0, 0, 0}, {7, 0, 0, 0, 0}, {8, 0, 0, 0, 0}, {7, 0, 0, 0, 0}}}
	class, share := c.Majority()
	if class != "good" || fmt.Sprintf("%.3f", share) != "0.571" || c.Tested() != 70 {
		t.Errorf("%s, %.3f of %d", class, share, c.Tested())
	}
}

func TestNothingTested(t *testing.T) {
	c := Tally(predictions(2, nil, nil))
	_, share := c.Majority()
	for _, value := range []float64{c.Accuracy(), c.MacroF1(), c.BalancedAccuracy(), share} {
		if value != 0 {
			t.Errorf("got %g without a test image", value)
		}
	}
}

func TestSum(t *testing.T) {
	a := &Confusion{Classes: []string{"x", "y"}, Counts: [][]int{{1, 2}, {3, 4}}}
	sum, err := Sum(a, a)
	if err != nil || sum.Counts[1][0] != 6 || a.Counts[1][0] != 3 {
		t.Errorf("got %+v, %v; the first is now %+v", sum, err, a)
	}
	if _, err := Sum(a, &Confusion{Classes: []string{"y", "x"}, Counts: a.Counts}); err == nil {
		t.Error("matrices of other classes were added up")
	}
	if _, err := Sum(); err == nil {
		t.Error("nothing was added up")
	}
}

// drawn is any table of predictions.
func drawn(t *rapid.T) *Predictions {
	classes := rapid.IntRange(1, 6).Draw(t, "classes")
	n := rapid.IntRange(1, 60).Draw(t, "images")
	class := rapid.SliceOfN(rapid.IntRange(0, classes-1), n, n)
	return predictions(classes, class.Draw(t, "labels"), class.Draw(t, "predicted"))
}

func TestMetricsProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawn(t)
		c := Tally(p)
		_, majority := c.Majority()
		for name, value := range map[string]float64{
			"accuracy": c.Accuracy(), "macro-F1": c.MacroF1(),
			"balanced accuracy": c.BalancedAccuracy(), "majority": majority,
		} {
			if !(value >= 0 && value <= 1) {
				t.Fatalf("%s is %g", name, value)
			}
		}
		if c.Tested() != len(p.Images) {
			t.Fatalf("%d of %d images counted", c.Tested(), len(p.Images))
		}
		// Accuracy is the mean recall weighted by class size.
		weighted := 0.0
		for i := range c.Classes {
			weighted += c.Of(i).Recall() * float64(c.Of(i).Count)
		}
		if math.Abs(weighted/float64(c.Tested())-c.Accuracy()) > 1e-12 {
			t.Fatalf("weighted recall %g, accuracy %g", weighted, c.Accuracy())
		}
		// The order of the images does not matter.
		slices.Reverse(p.Images)
		if fmt.Sprint(Tally(p).Counts) != fmt.Sprint(c.Counts) {
			t.Fatal("another order of the images gives another matrix")
		}
		// The right answer everywhere is perfect by every measure.
		for i := range p.Images {
			p.Images[i].Predicted = p.Images[i].Label
		}
		perfect := Tally(p)
		if perfect.Accuracy() != 1 || perfect.BalancedAccuracy() != 1 || perfect.MacroF1() != 1 {
			t.Fatalf("perfect predictions score %g, %g, %g", perfect.Accuracy(), perfect.BalancedAccuracy(), perfect.MacroF1())
		}
	})
}
