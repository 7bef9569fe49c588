package result

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// Newcombe, Statistics in Medicine 17 (1998), table I, method 3, gives the
// first four to four digits; all are statsmodels 0.15.0's
// proportion_confint(k, n, method="wilson").
func TestWilsonAgainstStatsmodels(t *testing.T) {
	for _, test := range []struct {
		k, n      int
		low, high float64
	}{
		{81, 263, 0.2552885198782742, 0.36620957698280004},
		{15, 148, 0.06238639953073628, 0.16048724172330803},
		{0, 20, 0, 0.1611251580528194},
		{1, 29, 0.006113214292762667, 0.17175521879320294},
		{50, 70, 0.5994980341827975, 0.8067777962128025},
		{65, 70, 0.8434458778290468, 0.969105782962153},
	} {
		got := Wilson(ratio(test.k, test.n), test.n)
		near(t, fmt.Sprintf("low of %d/%d", test.k, test.n), got.Low, test.low)
		near(t, fmt.Sprintf("high of %d/%d", test.k, test.n), got.High, test.high)
	}
}

// The article's accuracies, of 70 test images: .60 to .81 around 0.72 (50 of
// 70 is its nearest), .84 to .97 around 0.93.
func TestWilsonOfTheArticle(t *testing.T) {
	for k, want := range map[int]string{50: "0.60 0.81", 65: "0.84 0.97"} {
		interval := Wilson(ratio(k, 70), 70)
		if got := fmt.Sprintf("%.2f %.2f", interval.Low, interval.High); got != want {
			t.Errorf("%d of 70: %s, want %s", k, got, want)
		}
	}
}

func TestWilsonProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 5000).Draw(t, "n")
		k := rapid.IntRange(0, n).Draw(t, "k")
		p := ratio(k, n)
		got := Wilson(p, n)
		if !(0 <= got.Low && got.Low <= p && p <= got.High && got.High <= 1) {
			t.Fatalf("%d of %d: %+v", k, n, got)
		}
		if mirror := Wilson(1-p, n); math.Abs(mirror.Low-(1-got.High)) > 1e-9 {
			t.Fatalf("%d of %d: %+v, of its complement %+v", k, n, got, mirror)
		}
		if more := Wilson(p, 4*n); more.High-more.Low >= got.High-got.Low {
			t.Fatalf("%d of %d: four times the images give %+v after %+v", k, n, more, got)
		}
	})
	if got := Wilson(0, 0); got != (Interval{0, 1}) {
		t.Errorf("without trials: %+v", got)
	}
}

func TestOver(t *testing.T) {
	// Python's statistics.mean and stdev.
	s := Over([]float64{0.72, 0.75, 0.69})
	near(t, "mean", s.Mean, 0.72)
	near(t, "standard deviation", s.SD, 0.03)
	// The classic example of cancellation; numpy.std(ddof=1) gives the same.
	s = Over([]float64{1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16})
	near(t, "standard deviation far from 0", s.SD, 5.477225575051661)
	if one := Over([]float64{0.5}); one != (Spread{1, 0.5, 0}) {
		t.Errorf("of one value: %+v", one)
	}
	if none := Over(nil); none != (Spread{}) {
		t.Errorf("of none: %+v", none)
	}
}

func TestOverProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(-1, 1), 2, 20).Draw(t, "values")
		shift := rapid.Float64Range(-10, 10).Draw(t, "shift")
		s := Over(values)
		for i := range values {
			values[i] += shift
		}
		moved := Over(values)
		if s.SD < 0 || math.Abs(moved.SD-s.SD) > 1e-9 || math.Abs(moved.Mean-s.Mean-shift) > 1e-9 {
			t.Fatalf("%+v, moved by %g: %+v", s, shift, moved)
		}
	})
}
