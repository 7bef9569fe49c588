package report

import (
	"fmt"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/report/table"
	"kizu/orchestrator/result"
)

// rankDetectors compares the AUROC of every detector with those of all conditions before it.
func rankDetectors(conditions []*condition) (ranked []pair, err error) {
	all := make([]result.Ranked, len(conditions))
	var pairs []result.RankedPair
	for i, c := range conditions {
		if c.detection == nil {
			continue
		}
		all[i] = result.Ranked{Runs: c.inspected, Good: c.goodClass}
		for _, run := range c.runs {
			all[i].Predictions = append(all[i].Predictions, run.predictions)
		}
		for j, other := range conditions[:i] {
			if c.detector != nil && other.detection != nil {
				pairs = append(pairs, result.RankedPair{A: i, B: j})
			}
		}
	}
	comparisons, err := result.CompareAUROC(all, pairs)
	for _, c := range comparisons {
		ranked = append(ranked, pair{Comparison: c, a: conditions[c.A], b: conditions[c.B]})
	}
	return ranked, err
}

// rankedGrid is the table of detectors beside other conditions.
func (r *Report) rankedGrid() table.Table {
	g := table.Table{
		Title: fmt.Sprintf("Study 2, detectors’ AUROC compared on the same %s, %s", r.tests.text(), r.seedsText()),
		Columns: []table.Column{
			{Head: "detector"}, {Head: "condition"}, {Head: "AUROC, difference", Numeric: true}, {Head: "95 % interval", Numeric: true},
			{Head: "p", Numeric: true, Extra: 1}, {Head: "p (Holm)", Numeric: true}, {Head: "seeds", Numeric: true, Extra: table.InTitle},
		},
	}
	var list []result.Comparison
	for i, p := range r.ranked {
		if list = append(list, p.Comparison); p.Significant() {
			g.Claims = append(g.Claims, i)
		}
		g.Rows = append(g.Rows, []string{
			p.a.name, p.b.name, signed(p.Difference.Mean), betweenSigned(p.Difference.Interval), probability(p.P), probability(p.Adjusted), progress(len(p.Seeds), len(r.seeds())),
		})
		if len(p.Seeds) < len(r.seeds()) {
			g.Column("seeds").Extra = 0 // they differ, so they are shown
		}
	}
	g.Notes = []string{result.RankedNote(list)}
	return g
}

// detectorsAnswer says how detectors, which need no defect photo, do beside classifiers.
func (r *Report) detectorsAnswer() (sentences []string) {
	for _, c := range r.conditions {
		if c.detector == nil || c.detection == nil {
			continue
		}
		text := fmt.Sprintf("Without any defect photo, by %s of good parts, %s tells good from defective with an AUROC of %s (95 %% interval %s)",
			english.Plural(c.detector.Good.Real, "photo", "photos"), quote(c.name), overSeeds(c.detection.AUROC.Spread), between(c.detection.AUROC.Interval))
		var above, below, alike, once []string
		for _, p := range r.ranked {
			other := fmt.Sprintf("%s (%s)", quote(p.b.name), overSeeds(p.b.detection.AUROC.Spread))
			switch {
			case p.a != c:
			case !p.Repeated():
				once = append(once, other)
			case !p.Significant():
				alike = append(alike, other)
			case p.Difference.Mean > 0:
				above = append(above, other)
			default:
				below = append(below, other)
			}
		}
		for _, group := range []struct {
			text  string
			names []string
		}{{"better than ", above}, {"worse than ", below}, {"not told apart from ", alike}, {"with one seed in common, nothing is claimed beside ", once}} {
			if len(group.names) > 0 {
				text += "; " + group.text + english.WordSeries(group.names, "and")
			}
		}
		sentences = append(sentences, text+".")
	}
	return sentences
}

// rankedResult is a detector's AUROC compared with another condition's, in results.json.
type rankedResult struct {
	Detector  string `json:"detector"`
	Condition string `json:"condition"`
	ComparisonResult
}

func (r *Report) rankedResults() (list []rankedResult) {
	for _, p := range r.ranked {
		list = append(list, rankedResult{p.a.name, p.b.name, comparisonOf(p.Comparison)})
	}
	return list
}
