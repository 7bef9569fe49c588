package result

import (
	"errors"
	"fmt"
	"slices"
)

// Confusion is a confusion matrix: Counts[i][j] test images of class i were
// taken for class j. Everything that needs no probabilities comes from it.
type Confusion struct {
	Classes []string
	Counts  [][]int
}

// Tally counts predictions.
func Tally(p *Predictions) *Confusion {
	c := newConfusion(p.Classes)
	for _, prediction := range p.Images {
		c.Counts[prediction.Label][prediction.Predicted]++
	}
	return c
}

func newConfusion(classes []string) *Confusion {
	c := &Confusion{Classes: classes, Counts: make([][]int, len(classes))}
	for i := range c.Counts {
		c.Counts[i] = make([]int, len(classes))
	}
	return c
}

// Sum adds matrices of the same classes up: the runs of one condition.
func Sum(matrices ...*Confusion) (*Confusion, error) {
	if len(matrices) == 0 {
		return nil, errors.New("no confusion matrix to add up")
	}
	sum := newConfusion(matrices[0].Classes)
	for _, m := range matrices {
		if !slices.Equal(m.Classes, sum.Classes) {
			return nil, fmt.Errorf("confusion matrices of other classes: %q and %q", sum.Classes, m.Classes)
		}
		for i, row := range m.Counts {
			for j, n := range row {
				sum.Counts[i][j] += n
			}
		}
	}
	return sum, nil
}

// Tested is the number of test images.
func (c *Confusion) Tested() int {
	n := 0
	for i := range c.Classes {
		n += c.Of(i).Count
	}
	return n
}

// Correct is the number of test images whose class was found.
func (c *Confusion) Correct() int {
	n := 0
	for i := range c.Classes {
		n += c.Counts[i][i]
	}
	return n
}

// Accuracy is the share of test images whose class was found; 0 without any.
func (c *Confusion) Accuracy() float64 { return ratio(c.Correct(), c.Tested()) }

// Majority is the most frequent class of the test images (the first of equals)
// and the accuracy of always answering with it.
func (c *Confusion) Majority() (class string, accuracy float64) {
	most := -1
	for i, name := range c.Classes {
		if n := c.Of(i).Count; n > most {
			most, class = n, name
		}
	}
	return class, ratio(max(most, 0), c.Tested())
}

// MacroF1 is the mean of the classes' F1, each class counting the same; a class
// that is neither among the labels nor among the predictions is left out
// (scikit-learn's f1_score with average="macro", zero_division=0).
func (c *Confusion) MacroF1() float64 {
	return c.mean(Class.F1, func(k Class) bool { return k.Count+k.Predicted > 0 })
}

// BalancedAccuracy is the mean of the classes' recalls; a class without test images is left out
// (Brodersen et al., ICPR 2010; scikit-learn's balanced_accuracy_score).
func (c *Confusion) BalancedAccuracy() float64 {
	return c.mean(Class.Recall, func(k Class) bool { return k.Count > 0 })
}

func (c *Confusion) mean(of func(Class) float64, counts func(Class) bool) float64 {
	sum, n := 0.0, 0
	for i := range c.Classes {
		if class := c.Of(i); counts(class) {
			sum += of(class)
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return sum / float64(n)
}

// Class is how the test images of one class fared.
type Class struct {
	Name      string
	Count     int // test images of the class
	Predicted int // test images taken for the class
	Correct   int // both
}

// Of counts for the i-th class.
func (c *Confusion) Of(i int) Class {
	class := Class{Name: c.Classes[i], Correct: c.Counts[i][i]}
	for j := range c.Classes {
		class.Count += c.Counts[i][j]
		class.Predicted += c.Counts[j][i]
	}
	return class
}

// Recall is the share of the class's images that were found; 0 without any.
func (k Class) Recall() float64 { return ratio(k.Correct, k.Count) }

// Precision is the share of the images taken for the class that are of it; 0 if none was.
func (k Class) Precision() float64 { return ratio(k.Correct, k.Predicted) }

// F1 is the harmonic mean of precision and recall (van Rijsbergen, Information
// Retrieval, 1979); 0 if the class is neither labelled nor predicted.
func (k Class) F1() float64 { return ratio(2*k.Correct, k.Count+k.Predicted) }

func ratio(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}
