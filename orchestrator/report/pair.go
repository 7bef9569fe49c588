package report

import (
	"fmt"
	"slices"

	"kizu/orchestrator/result"
)

// pair is two conditions compared on the same test images.
type pair struct {
	result.Comparison
	a, b        *condition
	improvement float64 // that a further run of a does better than one of b
}

// comparePairs compares every two conditions that have a seed in common.
func comparePairs(conditions []*condition) ([]pair, error) {
	runs := make([]*result.Runs, len(conditions))
	for i, c := range conditions {
		runs[i] = c.results
	}
	comparisons, err := result.CompareAll(runs)
	if err != nil {
		return nil, err
	}
	var pairs []pair
	for _, c := range comparisons {
		pairs = append(pairs, pair{c, conditions[c.A], conditions[c.B], result.Improvement(runs[c.A], runs[c.B])})
	}
	return pairs, nil
}

// against is the comparison of a with b, whichever the table has first.
func (r *Report) against(a, b *condition) (pair, bool) {
	for _, p := range r.pairs {
		switch {
		case p.a == a && p.b == b:
			return p, true
		case p.a == b && p.b == a:
			return p.swapped(), true
		}
	}
	return pair{}, false
}

// swapped is the same comparison from the other side.
func (p pair) swapped() pair {
	p.a, p.b, p.A, p.B = p.b, p.a, p.B, p.A
	p.improvement = 1 - p.improvement
	d := &p.Difference
	d.Mean, d.Interval = -d.Mean, result.Interval{Low: -d.Interval.High, High: -d.Interval.Low}
	p.PerSeed = slices.Clone(p.PerSeed)
	for i, m := range p.PerSeed {
		p.PerSeed[i].OnlyA, p.PerSeed[i].OnlyB = m.OnlyB, m.OnlyA
	}
	return p
}

// only counts the answers, over all seeds, that one of the two alone got right.
func (p pair) only() (a, b int) {
	for _, m := range p.PerSeed {
		a, b = a+m.OnlyA, b+m.OnlyB
	}
	return a, b
}

// words says by how much and how surely two conditions differ.
func (p pair) words() string {
	return fmt.Sprintf("%s, p %s", signed(p.Difference.Mean), probability(p.Adjusted))
}

// detectable is the range over all comparisons of the smallest difference that
// would probably have been found.
func (r *Report) detectable() string {
	low, high := 1.0, 0.0
	for _, p := range r.pairs {
		low, high = min(low, p.Detectable), max(high, p.Detectable)
	}
	if share(low) == share(high) {
		return share(low)
	}
	return share(low) + " to " + share(high)
}

// pairGrid is the table of all comparisons.
func (r *Report) pairGrid() grid {
	const seeds = 9 // the column
	g := grid{
		title: fmt.Sprintf("Study 2, compared on the same %s, %s", plural(r.tests.total, "test image"), r.seedsText()),
		columns: []column{
			{head: "first"}, {head: "second"}, {head: "difference", numeric: true},
			{head: "95 % interval", numeric: true, extra: 1}, {head: "alone right", numeric: true, extra: 1},
			{head: "p", numeric: true, extra: 1}, {head: "p (Holm)", numeric: true},
			{head: "P(first better)", numeric: true, extra: 1}, {head: "detectable", numeric: true}, {head: "seeds", numeric: true, extra: inTitle},
		},
		notes: []string{r.pairNote()},
	}
	for i, p := range r.pairs {
		if p.Significant() {
			g.claims = append(g.claims, i)
		}
		a, b := p.only()
		g.rows = append(g.rows, []string{
			p.a.name, p.b.name, signed(p.Difference.Mean), betweenSigned(p.Difference.Interval),
			fmt.Sprintf("%d : %d", a, b), probability(p.P), probability(p.Adjusted),
			fmt.Sprintf("%.2f", p.improvement), share(p.Detectable), progress(len(p.Seeds), len(r.seeds())),
		})
		if len(p.Seeds) < len(r.seeds()) {
			g.columns[seeds].extra = 0 // they differ, so they are shown
		}
	}
	return g
}

func (r *Report) pairNote() string {
	test := "p is McNemar’s exact"
	if len(r.seeds()) > 1 {
		test = "p is the larger of an exact test over images and a t test over seeds and images"
	}
	return fmt.Sprintf("“alone right” counts the answers that only the first, and only the second, got right; %s; "+
		"Holm’s adjustment over %s keeps the probability of any false claim below 5 %%; P(first better) is that of one further run on other test images; "+
		"a true difference as large as “detectable” is found with a probability of 80 %%", test, plural(len(r.pairs), "comparison"))
}
