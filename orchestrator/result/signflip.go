package result

import "gonum.org/v1/gonum/floats"

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

// signFlip is the exact two-sided p value of a sum of differences where each
// could as well have had the other sign (Fisher, The Design of Experiments,
// 1935, section 21; scipy's permutation_test with permutation_type="samples").
// The distribution of the sum is computed, not sampled: one difference after
// another spreads it by ±|d|.
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
