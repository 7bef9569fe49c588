package result

import (
	"fmt"
	"math"
	"slices"
)

// Comparison is how two conditions' accuracies differ on the same test images.
type Comparison struct {
	A, B       int      // which of the conditions
	Seeds      []int64  // that both have; the runs of a seed are a pair
	Difference Estimate // of accuracy, A minus B
	P          float64  // of one comparison alone
	Adjusted   float64  // by Holm's method, over all comparisons
	Detectable float64  // smallest difference that would have been found, see detectable
	PerSeed    []McNemar

	exact    float64   // p value of the images' differences, summed over seeds
	sums     []float64 // the difference of every seed
	variance variance
}

// Level is the probability, held to for all comparisons together, with which
// conditions that do not differ are said to.
const Level = 0.05

// Significant reports whether the two can be told apart.
func (c Comparison) Significant() bool { return c.Adjusted < Level }

// CompareAll compares every two conditions that have a seed in common; nil
// stands for a condition without results. P values are adjusted over all of
// them.
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
	pool(list)
	p := make([]float64, len(list))
	for i := range list {
		list[i].finish()
		p[i] = list[i].P
	}
	for i, adjusted := range Holm(p) {
		list[i].Adjusted = adjusted
		list[i].Detectable = list[i].detectable(len(conditions[list[i].A].images), len(list))
	}
	return list, nil
}

// compare pairs the runs of two conditions by their seeds, and their test
// images.
func compare(a, b *Runs) (Comparison, error) {
	if !a.SameImages(b) {
		return Comparison{}, fmt.Errorf("two conditions were tested on other images")
	}
	var c Comparison
	d := crossed{strata: a.strata}
	total, weight := make([]int, len(a.images)), 1/float64(len(a.images))
	for s, seed := range a.Seeds {
		t := slices.Index(b.Seeds, seed)
		if t < 0 {
			continue
		}
		parts, differences := make([]float64, len(a.images)), make([]int, len(a.images))
		for i := range parts {
			difference := a.right(s, i) - b.right(t, i)
			parts[i], differences[i] = weight*difference, int(difference)
			total[i] += int(difference)
		}
		c.Seeds = append(c.Seeds, seed)
		c.PerSeed = append(c.PerSeed, mcnemar(differences))
		d.parts = append(d.parts, parts)
	}
	if len(c.Seeds) > 0 {
		c.exact, c.sums, c.variance = signFlip(total), d.sums(), d.variance()
	}
	return c, nil
}

// pool gives every comparison at least the mean variance over seeds of all
// comparisons. Two to five seeds alone would show a far too small one now and
// then, and t's quantiles for one to four degrees of freedom would find
// nothing; that trainings fluctuate about as much in one condition as in
// another is what every analysis of variance assumes. Where a comparison's own
// seeds fluctuate more, its own variance stays. With C conditions and S seeds
// the pooled one is the residual of a two-way layout and has (C-1)(S-1) degrees
// of freedom (Fisher, Statistical Methods for Research Workers, 1925, section
// 48).
func pool(list []Comparison) {
	pooled, n, seeds := 0.0, 0.0, 0
	conditions := map[int]bool{}
	for _, c := range list {
		if len(c.Seeds) > 1 {
			pooled += c.variance.seeds * float64(len(c.Seeds))
			n++
			seeds = max(seeds, len(c.Seeds))
			conditions[c.A], conditions[c.B] = true, true
		}
	}
	for i := range list {
		if runs := float64(len(list[i].Seeds)); runs > 1 {
			v := &list[i].variance
			v.seeds = max(v.seeds, pooled/n/runs)
			v.seedsDF = float64((len(conditions) - 1) * (seeds - 1))
		}
	}
}

// finish tests the difference. P is the larger of two tests' p values, so that
// a difference must stand out against both kinds of chance: the exact test over
// images, which for one seed is McNemar's, and Student's t of the mean
// difference with the variance of seeds and images, which one seed cannot have.
func (c *Comparison) finish() {
	c.Difference = newEstimate(c.sums, c.variance)
	half := c.Difference.quantile() * c.Difference.SE
	c.Difference.Interval = Interval{max(-1, c.Difference.Mean-half), min(1, c.Difference.Mean+half)}
	c.P = c.exact
	if len(c.Seeds) > 1 {
		c.P = max(c.P, c.Difference.p())
	}
}

// p is the two-sided p value of Student's t against no difference.
func (e Estimate) p() float64 {
	if e.SE == 0 {
		if e.Mean == 0 {
			return 1
		}
		return 0
	}
	return 2 * student(e.DF).CDF(-math.Abs(e.Mean)/e.SE)
}
