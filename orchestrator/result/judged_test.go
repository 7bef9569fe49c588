package result

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// said makes predictions of images that are meant to be of class 1 of three.
func said(predicted ...int) *Predictions {
	p := &Predictions{Classes: []string{"good", "crack", "hole"}}
	for i, class := range predicted {
		p.Images = append(p.Images, Prediction{Image: fmt.Sprintf("%04d.png", i), Label: 1, Predicted: class})
	}
	return p
}

func TestJudgedIn(t *testing.T) {
	got := JudgedIn(said(1, 1, 2, 0), 0).Plus(JudgedIn(said(0, 1), 0))
	if want := (Judged{Images: 6, Named: 3, Defective: 4}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestCalledDefective: the accuracy of such runs is the share called defective, and pairs are
// of equal numbers.
func TestCalledDefective(t *testing.T) {
	seeds := []int64{0, 1}
	many, err := CalledDefective(seeds, []*Predictions{said(1, 2, 1, 0), said(1, 1, 2, 2)}, 0)
	if err != nil {
		t.Fatal(err)
	}
	few, err := CalledDefective(seeds, []*Predictions{said(0, 0, 1, 0), said(0, 0, 0, 0)}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := many.Accuracy().Mean, few.Accuracy().Mean; a != 7.0/8 || b != 1.0/8 {
		t.Errorf("shares %g and %g", a, b)
	}
	list, err := CompareWith(few, []*Runs{nil, many})
	if err != nil || len(list) != 1 || list[0].A != 1 || list[0].Difference.Mean != 6.0/8 {
		t.Fatalf("%+v, %v", list, err)
	}
	if first := list[0].PerSeed[0]; first.OnlyA != 2 || first.OnlyB != 0 {
		t.Errorf("%+v", first)
	}
	if _, err := CalledDefective(seeds, []*Predictions{said(1), said(1, 1)}, 0); err == nil {
		t.Error("seeds of different images are joined")
	}
}

// TestPrecisionRecall: counted by hand on a line. Of photos at 0, 1, 2, 3 the third neighbour
// is 3, 2, 2, 3 away, so that they reach from -3 to 6.
func TestPrecisionRecall(t *testing.T) {
	line := func(xs ...float64) (f Features) {
		for _, x := range xs {
			f = append(f, []float64{x})
		}
		return f
	}
	photos := line(0, 1, 2, 3)
	for _, test := range []struct {
		generated         Features
		precision, recall float64
	}{
		{line(0, 1, 2, 3), 1, 1},
		{line(6, 6.1, 7, -3), 0.5, 1},
		{line(1, 1, 1, 1), 1, 0.25},
		{line(50, 51, 52, 53), 0, 0},
	} {
		precision, recall, ok := PrecisionRecall(test.generated, photos)
		if !ok || precision != test.precision || recall != test.recall {
			t.Errorf("%v: precision %g, recall %g, want %g and %g", test.generated, precision, recall, test.precision, test.recall)
		}
	}
	if _, _, ok := PrecisionRecall(line(1, 2, 3), photos); ok {
		t.Error("three images have three neighbours each")
	}
}

// TestPrecisionRecallTurned: what is precision of the one is recall of the other.
func TestPrecisionRecallTurned(t *testing.T) {
	features := rapid.SliceOfN(rapid.SliceOfN(rapid.Float64Range(-5, 5), 2, 2), 4, 12)
	rapid.Check(t, func(t *rapid.T) {
		a, b := Features(features.Draw(t, "a")), Features(features.Draw(t, "b"))
		p, r, _ := PrecisionRecall(a, b)
		turnedP, turnedR, _ := PrecisionRecall(b, a)
		if p != turnedR || r != turnedP || p < 0 || p > 1 {
			t.Fatalf("%g, %g; turned %g, %g", p, r, turnedP, turnedR)
		}
	})
}

func TestMeanDistance(t *testing.T) {
	if got := MeanDistance(Features{{0, 0}, {1, 1}}, Features{{3, 4}, {1, 2}}); got != 3 {
		t.Errorf("%g", got)
	}
}
