package report

import (
	"fmt"
	"slices"

	"kizu/orchestrator/report/table"
	"kizu/orchestrator/result"
)

// pair is two conditions compared on the same test images.
type pair struct {
	result.Comparison
	a, b        *condition
	improvement *float64 // see result.Improvement; nil where the seeds are too few
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
		p := pair{Comparison: c, a: conditions[c.A], b: conditions[c.B]}
		if c.Improvable() {
			share := result.Improvement(runs[c.A], runs[c.B])
			p.improvement = &share
		}
		pairs = append(pairs, p)
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
	if p.improvement != nil {
		share := 1 - *p.improvement
		p.improvement = &share
	}
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

// comparisons are those of the pairs.
func (r *Report) comparisons() []result.Comparison {
	var list []result.Comparison
	for _, p := range r.pairs {
		list = append(list, p.Comparison)
	}
	return list
}

// detectable is the range over all comparisons of the smallest difference that
// would probably have been found.
func (r *Report) detectable() string {
	low, high := 1.0, 0.0
	for _, p := range r.pairs {
		if p.Repeated() {
			low, high = min(low, p.Detectable), max(high, p.Detectable)
		}
	}
	switch {
	case share(low) == share(high):
		return share(low)
	case high >= 1:
		return share(low) + " or, for some comparisons, none"
	}
	return share(low) + " to " + share(high)
}

// leastText writes the smallest difference that would probably have been found.
// One of all images is the largest that there is.
func leastText(difference float64) string {
	if difference >= 1 {
		return "none"
	}
	return share(difference)
}

// pairGrid is the table of all comparisons. What few seeds cannot show has no column.
func (r *Report) pairGrid() table.Table {
	list := r.comparisons()
	g := table.Table{
		Title: fmt.Sprintf("Study 2, compared on the same %s, %s", r.tests.text(), r.seedsText()),
		Columns: []table.Column{
			{Head: "first"}, {Head: "second"}, {Head: "difference", Numeric: true},
			{Head: "95 % interval", Numeric: true, Extra: 1}, {Head: "alone right", Numeric: true, Extra: 1},
			{Head: "p", Numeric: true, Extra: 1}, {Head: "p (Holm)", Numeric: true},
			{Head: "P(first better)", Numeric: true, Extra: 1}, {Head: "detectable", Numeric: true}, {Head: "seeds", Numeric: true, Extra: table.InTitle},
		},
		Notes: result.PairNotes(list),
	}
	if !result.Repeated(list) {
		g.Title = fmt.Sprintf("Study 2, the classifiers of one seed compared on the same %s", r.tests.text())
		g.Column("first").Head, g.Column("second").Head = "first classifier", "second classifier"
	}
	for i, p := range r.pairs {
		if p.Significant() {
			g.Claims = append(g.Claims, i)
		}
		a, b := p.only()
		better, least := "–", "–"
		if p.improvement != nil {
			better = fmt.Sprintf("%.2f", *p.improvement)
		}
		if p.Repeated() {
			least = leastText(p.Detectable)
		}
		g.Rows = append(g.Rows, []string{
			p.a.name, p.b.name, signed(p.Difference.Mean), betweenSigned(p.Difference.Interval),
			fmt.Sprintf("%d : %d", a, b), probability(p.P), probability(p.Adjusted),
			better, least, progress(len(p.Seeds), len(r.seeds())),
		})
		if len(p.Seeds) < len(r.seeds()) {
			g.Column("seeds").Extra = 0 // they differ, so they are shown
		}
	}
	g.DropEmpty("P(first better)", "detectable")
	return g
}
