package result

import (
	"errors"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// Comparison is how two conditions' accuracies differ on the same test images.
type Comparison struct {
	A, B       int      // which of the conditions
	Seeds      []int64  // that both have; the runs of a seed are a pair
	Difference Estimate // of accuracy, A minus B
	P          float64  // of one comparison alone
	Adjusted   float64  // by Holm's method, over all comparisons
	Detectable float64  // smallest difference that would have been found, see detectable; of several seeds only
	PerSeed    []McNemar

	exact    float64    // p value of the images' differences, summed over seeds
	sums     []float64  // the difference of every seed
	own      [2]float64 // variance over seeds of the mean accuracy of A, and of B
	variance variance
}

// Level is the probability, held to for all comparisons together, with which
// conditions that do not differ are said to.
const Level = 0.05

// Significant reports whether the two training sets can be told apart. With one
// seed P is of two classifiers and says nothing about training sets: where all
// sets are equally good, classifiers still differ.
func (c Comparison) Significant() bool { return c.Repeated() && c.Adjusted < Level }

// Repeated reports whether trainings were repeated with several seeds.
func (c Comparison) Repeated() bool { return len(c.Seeds) > 1 }

// Improvable reports whether there are seeds enough to resample.
func (c Comparison) Improvable() bool { return len(c.Seeds) >= leastResampled }

// CompareAll compares every two conditions that have a seed in common; nil stands for a condition
// without results. P values are adjusted over all of them.
func CompareAll(conditions []*Runs) ([]Comparison, error) {
	var list []Comparison
	for a, first := range conditions {
		for b, second := range conditions[:a] {
			if first == nil || second == nil {
				continue
			}
			c, err := compare(second, first)
			if err != nil {
				return nil, err
			}
			if len(c.Seeds) > 0 {
				c.A, c.B = b, a
				list = append(list, c)
			}
		}
	}
	slices.SortFunc(list, func(x, y Comparison) int {
		if x.A != y.A {
			return x.A - y.A
		}
		return x.B - y.B
	})
	if len(list) > 0 {
		conclude(list, conditions[list[0].A].Parts())
	}
	return list, nil
}

// conclude tests the differences of all comparisons that claims are made of together, on
// test images of so many parts.
func conclude(list []Comparison, parts int) {
	pool(list)
	p := make([]float64, len(list))
	for i := range list {
		list[i].finish()
		p[i] = list[i].P
	}
	for i, adjusted := range Holm(p) {
		list[i].Adjusted = adjusted
		list[i].Detectable = list[i].detectable(parts, len(list))
	}
}

// compare pairs the runs of two conditions by their seeds, and their test images.
func compare(a, b *Runs) (Comparison, error) {
	if !a.SameImages(b) {
		return Comparison{}, errors.New("two conditions were tested on other images")
	}
	var c Comparison
	weight := 1 / float64(len(a.images))
	d := crossed{strata: a.strata, sizes: a.byPart(func(int) float64 { return weight })}
	total := make([]int, len(a.parts))
	var accuracy [2][]float64
	for s, seed := range a.Seeds {
		t := slices.Index(b.Seeds, seed)
		if t < 0 {
			continue
		}
		ofImages, ofParts := make([]int, len(a.images)), make([]int, len(a.parts))
		for p, images := range a.parts {
			for _, i := range images {
				ofImages[i] = int(a.right(s, i) - b.right(t, i))
				ofParts[p] += ofImages[i]
			}
			total[p] += ofParts[p]
		}
		accuracy[0], accuracy[1] = append(accuracy[0], a.found(s)), append(accuracy[1], b.found(t))
		c.Seeds = append(c.Seeds, seed)
		c.PerSeed = append(c.PerSeed, mcnemar(ofImages, ofParts))
		d.parts = append(d.parts, a.byPart(func(i int) float64 { return weight * float64(ofImages[i]) }))
	}
	if len(c.Seeds) > 0 {
		c.exact, c.sums, c.variance = signFlip(total), d.sums(), d.variance()
	}
	if runs := float64(len(c.Seeds)); runs > 1 {
		c.own = [2]float64{stat.Variance(accuracy[0], nil) / runs, stat.Variance(accuracy[1], nil) / runs}
	}
	return c, nil
}

// pool sets the variance over seeds of every comparison: the sum of its two conditions' own, as in
// Welch's test (Biometrika 34, 1947), since one condition's trainings may fluctuate several times
// as much as another's. Two to five seeds show a far too small variance now and then, so it is at
// least the mean over all comparisons of what their differences show, and at least that of single
// images fluctuating from run to run, which is part of it.
//
// Welch's degrees of freedom, from S-1 to 2(S-1), are right for two conditions alone. With more of
// them the mean is a floor to stand on, and they are 2(S-1); not the (C-1)(S-1) of an analysis of
// variance of C conditions, which are far too many where one condition fluctuates more than the
// others and the mean is nearly that one's alone (Box, Annals of Mathematical Statistics 25, 1954).
// How often this errs was simulated: docs/results.md.
func pool(list []Comparison) {
	pooled, n := 0.0, 0.0
	for _, c := range list {
		if c.Repeated() {
			pooled += c.variance.seeds * float64(len(c.Seeds))
			n++
		}
	}
	for i := range list {
		runs, v := float64(len(list[i].Seeds)), &list[i].variance
		if runs < 2 {
			continue
		}
		a, b := list[i].own[0], list[i].own[1]
		v.seeds = max(a+b, v.both, pooled/n/runs)
		switch squares := a*a + b*b; {
		case n > 1:
			v.seedsDF = 2 * (runs - 1)
		case squares > 0:
			v.seedsDF = (a + b) * (a + b) / squares * (runs - 1)
		}
	}
}

// finish tests the difference. P is the larger of two tests' p values, so that
// a difference must stand out against both kinds of chance: the exact test over
// images, which for one seed is McNemar's, and a t test of the mean difference
// with the variance of seeds and images, which one seed cannot have.
func (c *Comparison) finish() {
	c.Difference = newEstimate(c.sums, c.variance)
	half := c.variance.cochran() * c.Difference.SE
	c.Difference.Interval = Interval{max(-1, c.Difference.Mean-half), min(1, c.Difference.Mean+half)}
	c.P = c.exact
	if len(c.Seeds) > 1 {
		c.P = max(c.P, c.variance.pValue(c.Difference.Mean))
	}
}
