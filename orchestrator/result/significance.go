package result

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
)

// Holm adjusts p values so that, if every one below a level is called a
// finding, the probability of any false finding stays below that level, however
// the tests depend on each other (Holm, Scandinavian Journal of Statistics 6,
// 1979; R's p.adjust and statsmodels' multipletests, method "holm").
func Holm(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(p[i], p[j]) })
	adjusted, floor := make([]float64, len(p)), 0.0
	for rank, i := range order {
		floor = max(floor, min(1, float64(len(p)-rank)*p[i]))
		adjusted[i] = floor
	}
	return adjusted
}

// power is the probability with which a difference as large as Detectable is
// found: the usual one (Cohen, Statistical Power Analysis, 2nd ed., 1988).
const power = 0.8

// detectable is the smallest true difference in accuracy that these runs on these test images, or
// parts, would find with a probability of 80 %: the standard error times the sum of the test's
// quantile and the power's (Bloom, Evaluation Review 19, 1995), the test at Level divided by the
// number of comparisons, which is the first step of Holm's method. It is no less than leastImages:
// fewer images in one direction could not be significant whatever they show.
func (c Comparison) detectable(images, comparisons int) float64 {
	level := Level / float64(comparisons)
	bloom := (c.variance.quantile(1-level/2) + c.variance.quantile(power)) * c.Difference.SE
	return min(1, max(bloom, float64(leastImages(level))/float64(images)))
}

// leastImages is the smallest number of images found by one condition alone,
// and none by the other alone, whose exact p value 2·2^-k is below a level.
func leastImages(level float64) int { return int(math.Floor(1-math.Log2(level))) + 1 }

// McNemar is the test images on which two classifiers differ.
type McNemar struct {
	OnlyA, OnlyB int // found by one of them alone

	// P is that of the exact test of McNemar (Psychometrika 12, 1947): a binomial one of
	// the images that only one classifier found, as statsmodels' mcnemar(exact=True).
	// Where several images show one part, the signs of parts are flipped instead, with
	// all their images (a permutation within clusters: Donner and Klar, Design and
	// Analysis of Cluster Randomization Trials, 2000, section 7.6).
	P float64
}

// mcnemar compares two classifiers by the differences of single images, each 1, 0 or
// -1, and of parts, which are sums of these.
func mcnemar(ofImages, ofParts []int) McNemar {
	m := McNemar{P: signFlip(ofParts)}
	for _, d := range ofImages {
		switch {
		case d > 0:
			m.OnlyA++
		case d < 0:
			m.OnlyB++
		}
	}
	return m
}

// signFlip is the exact two-sided p value of a sum of differences where each could as well have had
// the other sign (Fisher, The Design of Experiments, 1935, section 21; scipy's permutation_test
// with permutation_type="samples"). The distribution of the sum is computed, not sampled: one
// difference after another spreads it by ±|d|.
func signFlip(differences []int) float64 {
	observed, most := 0, 0
	for _, d := range differences {
		observed += d
		most += max(d, -d)
	}
	// at[most+x] is the probability of the sum x.
	at, next := make([]float64, 2*most+1), make([]float64, 2*most+1)
	at[most] = 1
	reach := 0
	for _, d := range differences {
		if d == 0 {
			continue
		}
		step := max(d, -d)
		clear(next)
		for x := most - reach; x <= most+reach; x++ {
			next[x-step] += at[x] / 2
			next[x+step] += at[x] / 2
		}
		at, next = next, at
		reach += step
	}
	extreme := max(observed, -observed)
	if extreme == 0 {
		return 1
	}
	return min(1, 2*floats.Sum(at[most+extreme:]))
}
