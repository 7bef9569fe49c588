package result

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// signs are differences of so many images for either side.
func signs(onlyA, onlyB, alike int) []int {
	list := make([]int, alike)
	for range onlyA {
		list = append(list, 1)
	}
	for range onlyB {
		list = append(list, -1)
	}
	return list
}

// The wanted values are statsmodels 0.15.0's
// mcnemar([[5, a], [b, 5]], exact=True).pvalue.
func TestMcNemarAgainstStatsmodels(t *testing.T) {
	for _, test := range []struct {
		a, b int
		p    float64
	}{{6, 0, 0.03125}, {9, 2, 0.0654296875}, {15, 5, 0.04138946533203125}, {1, 1, 1}, {0, 3, 0.25}, {21, 9, 0.042773945257067694}} {
		differences := signs(test.a, test.b, 10)
		got := mcnemar(differences, differences)
		if got.OnlyA != test.a || got.OnlyB != test.b {
			t.Errorf("counted %+v", got)
		}
		near(t, fmt.Sprintf("p of %d and %d", test.a, test.b), got.P, test.p)
	}
}

// The wanted values are scipy 1.17.1's permutation_test((d,), np.sum,
// permutation_type="samples", n_resamples=np.inf).pvalue.
func TestSignFlipAgainstScipy(t *testing.T) {
	near(t, "p", signFlip([]int{2, 1, -1, 3, 0, 2, 1, -2, 1, 1, 3, 0}), 0.08984375)
	// scipy drops the tie at the edge here or not, by rounding; by hand 2·2^-6.
	near(t, "p of one direction", signFlip([]int{1, 1, 2, 1, 1, 3}), 0.03125)
}

func TestSignFlipProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.IntRange(-5, 5), 0, 60).Draw(t, "differences")
		mirror := make([]int, len(list))
		for i, d := range list {
			mirror[i] = -d
		}
		p := signFlip(list)
		if !(p > 0 && p <= 1) || math.Abs(signFlip(mirror)-p) > 1e-12 {
			t.Fatalf("p is %g, and %g the other way round", p, signFlip(mirror))
		}
	})
}

// The wanted values are statsmodels' multipletests(p, method="holm")[1].
func TestHolmAgainstStatsmodels(t *testing.T) {
	want := []float64{0.05, 0.09, 0.09, 0.03, 0.5, 0.05}
	for i, got := range Holm([]float64{0.01, 0.04, 0.03, 0.005, 0.5, 0.012}) {
		near(t, fmt.Sprint("p ", i), got, want[i])
	}
	if len(Holm(nil)) != 0 {
		t.Error("something was adjusted")
	}
}

func TestHolmProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SliceOfN(rapid.Float64Range(0, 1), 1, 20).Draw(t, "p")
		for i, adjusted := range Holm(p) {
			if adjusted < p[i] || adjusted > min(1, float64(len(p))*p[i]) {
				t.Fatalf("%g of %d became %g", p[i], len(p), adjusted)
			}
			for j, other := range Holm(p) {
				if p[i] < p[j] && adjusted > other {
					t.Fatalf("the order of %v changed", p)
				}
			}
		}
	})
}

// Bloom (1995) has a multiplier of 2.49 for a one-sided test of a large sample
// and 2.8 for a two-sided one. The other is scipy's t.ppf(0.9975, 4.5) +
// t.ppf(0.8, 4.5).
func TestDetectable(t *testing.T) {
	large := Comparison{Difference: Estimate{SE: 0.1}, variance: variance{images: 0.01, imagesDF: 1e6}}
	if got := large.detectable(1000, 1); math.Abs(got-0.28) > 0.0005 {
		t.Errorf("multiplier is %g", got/0.1)
	}
	few := Comparison{Difference: Estimate{SE: 0.1}, variance: variance{images: 0.01, imagesDF: 4.5}}
	near(t, "of few degrees of freedom", few.detectable(1000, 10), 0.6046184136579051)
	// 9 images in one direction give p = 0.0039, the first below 0.05/10.
	same := Comparison{variance: variance{imagesDF: 65}}
	near(t, "without any difference", same.detectable(70, 10), 9.0/70)
	if leastImages(0.05) != 6 || signFlip(signs(6, 0, 0)) >= 0.05 || signFlip(signs(5, 0, 0)) < 0.05 {
		t.Error("six images in one direction are the fewest below 0.05")
	}
}

// numpy, 400,000 paired resamples of the same two tables: 0.8868.
func TestImprovement(t *testing.T) {
	a, b := table(t, []int{6, 4}, better...), table(t, []int{6, 4}, answers...)
	got := Improvement(a, b)
	if math.Abs(got-0.8868) > 0.022 {
		t.Errorf("got %g", got)
	}
	if again := Improvement(a, b); again != got {
		t.Errorf("%g, and another time %g", got, again)
	}
	if same := Improvement(a, a); same != 0.5 {
		t.Errorf("against itself: %g", same)
	}
}

func TestCompareAll(t *testing.T) {
	a, b := table(t, []int{6, 4}, answers...), table(t, []int{6, 4}, better[0])
	list, err := CompareAll([]*Runs{a, nil, b})
	if err != nil || len(list) != 1 {
		t.Fatalf("got %v, %v", list, err)
	}
	c := list[0]
	if c.A != 0 || c.B != 2 || len(c.Seeds) != 1 || c.PerSeed[0] != (McNemar{0, 2, 0.5}) || c.P != 0.5 {
		t.Errorf("got %+v", c)
	}
	near(t, "difference", c.Difference.Mean, -0.2)
	list, err = CompareAll([]*Runs{a, table(t, []int{6, 4}, better...)})
	if err != nil || len(list[0].Seeds) != 3 || list[0].P < list[0].variance.pValue(list[0].Difference.Mean) {
		t.Fatalf("got %+v, %v", list, err)
	}
	near(t, "p of the images", list[0].exact, 0.15625) // scipy's permutation_test of the images' differences
	if _, err := CompareAll([]*Runs{a, table(t, []int{5, 5}, better[0])}); err == nil {
		t.Error("conditions tested on other images were compared")
	}
}
