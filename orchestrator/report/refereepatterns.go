package report

import (
	"fmt"
	"slices"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/report/table"
	"kizu/orchestrator/result"
)

// nounDrift is how far, on average, images of the noun alone lie from those that the base
// without a LoRA makes from the same photos and noise, over seeds.
func (r *Report) nounDrift(p *pattern) result.Spread {
	var drifts []float64
	for _, run := range p.runs {
		base := r.baselineAt(run.Seed)
		if run.refereed == nil || base == nil || base == run || base.refereed == nil {
			continue
		}
		if ours, theirs := run.refereed.looks, base.refereed.looks; len(ours) > 0 && len(ours) == len(theirs) {
			drifts = append(drifts, result.MeanDistance(ours, theirs))
		}
	}
	return result.Over(drifts)
}

// baselineAt is the cell without a LoRA of a seed; nil if there is none.
func (r *Report) baselineAt(seed int64) *cell {
	for _, c := range r.cells {
		if c.Pattern != nil && c.Pattern.Baseline && c.Seed == seed {
			return c
		}
	}
	return nil
}

// calls are the runs of a pattern, right where the referee called an image defective; nil where
// nothing is said.
func calls(p *pattern, of func(*refereed) *result.Predictions) (*result.Runs, error) {
	var seeds []int64
	var list []*result.Predictions
	for _, run := range p.runs {
		if run.refereed == nil {
			continue
		}
		if said := of(run.refereed); said != nil {
			seeds, list = append(seeds, run.Seed), append(list, said)
		}
	}
	if len(list) == 0 {
		return nil, nil
	}
	return result.CalledDefective(seeds, list, 0)
}

func withIdentifier(said *refereed) *result.Predictions { return said.images[0] }
func nounAlone(said *refereed) *result.Predictions      { return said.noun }

// question is what is asked of all patterns, each compared with the reference.
type question struct {
	runs     []*result.Runs // pattern by pattern
	compared map[int]result.Comparison
}

func (r *Report) ask(of func(*refereed) *result.Predictions) (q question, err error) {
	q = question{runs: make([]*result.Runs, len(r.patterns)), compared: map[int]result.Comparison{}}
	var others []*result.Runs
	reference := r.referencePattern()
	for i, p := range r.patterns {
		if q.runs[i], err = calls(p, of); err != nil {
			return q, err
		}
		if others = append(others, q.runs[i]); i == reference {
			others[i] = nil
		}
	}
	if q.runs[reference] == nil {
		return q, nil
	}
	list, err := result.CompareWith(q.runs[reference], others)
	for _, c := range list {
		q.compared[c.A] = c
	}
	return q, err
}

// referencePattern is the place of the pattern that the others are compared with.
func (r *Report) referencePattern() int {
	return max(0, slices.IndexFunc(r.patterns, func(p *pattern) bool { return p.name == r.plan.Experiment.Patterns.Reference }))
}

// answer says in a sentence which patterns differ from the reference, or what could have been
// seen; "" where nothing is compared.
func (q question) answer(r *Report, asked string) string {
	reference := r.referencePattern()
	if len(q.compared) == 0 {
		return ""
	}
	before := q.runs[reference].Accuracy().Mean
	var differ []string
	images, least := q.runs[reference].Tested(), 0.0
	for i, p := range r.patterns {
		c, ok := q.compared[i]
		if !ok {
			continue
		}
		least = max(least, c.Detectable)
		if c.Adjusted < result.Level {
			differ = append(differ, fmt.Sprintf("“%s” %s → %s (p %s)", p.name, percentage(before), percentage(q.runs[i].Accuracy().Mean), probability(c.Adjusted)))
		}
	}
	seeds := len(r.plan.Experiment.Patterns.Seeds)
	over := fmt.Sprintf("%s and %s", english.Plural(images, "image", ""), english.Plural(seeds, "seed", ""))
	against := fmt.Sprintf("than of “%s”", r.patterns[reference].name)
	if len(differ) == 0 {
		text := fmt.Sprintf("%s: no difference from “%s” that %s could show", asked, r.patterns[reference].name, over)
		if least > 0 {
			text += fmt.Sprintf("; the smallest they could is %s", percentage(least))
		}
		return text + "."
	}
	text := fmt.Sprintf("%s: another share %s, %s: %s.", asked, against, over, english.WordSeries(differ, "and"))
	if seeds == 1 {
		text += " That is of these LoRAs: one seed says nothing of others."
	}
	return text
}

func percentage(share float64) string { return fmt.Sprintf("%.0f %%", 100*share) }

// patternJudged is what a referee says of a pattern's images.
type patternJudged struct {
	name             string
	identifier, noun *sharesCalled // nil where nothing is said
	moved            result.Spread // see nounDrift
	hood             *neighbourhood
}

// sharesCalled is how many of a pattern's images are called defective.
type sharesCalled struct {
	share result.Estimate
	p     *float64 // of the difference from the reference, by Holm's method; nil of itself
}

// neighbourhood says how a pattern's images and photos of the defect lie among each other.
type neighbourhood struct{ precision, recall float64 }

// said is what the answers to a question are for a pattern.
func (q question) said(i int) *sharesCalled {
	if q.runs[i] == nil {
		return nil
	}
	s := &sharesCalled{share: q.runs[i].Accuracy()}
	if c, ok := q.compared[i]; ok {
		s.p = &c.Adjusted
	}
	return s
}

// judgePatterns asks all questions of study 1.
func (r *Report) judgePatterns() error {
	if len(r.patterns) == 0 {
		return nil
	}
	identifier, err := r.ask(withIdentifier)
	if err != nil {
		return err
	}
	noun, err := r.ask(nounAlone)
	if err != nil {
		return err
	}
	for i, p := range r.patterns {
		if said := identifier.said(i); said != nil {
			r.judged = append(r.judged, patternJudged{p.name, said, noun.said(i), r.nounDrift(p), p.neighbourhood()})
		}
	}
	for _, text := range []string{
		identifier.answer(r, "Images with the identifier that the referee calls defective"),
		noun.answer(r, "Images of the noun alone that it calls defective"),
	} {
		if text != "" {
			r.found = append(r.found, text)
		}
	}
	return nil
}

// neighbourhood is nil for too few images; see result.KIDFewest.
func (p *pattern) neighbourhood() *neighbourhood {
	generated, photos := p.looks()
	if len(generated) < result.KIDFewest {
		return nil
	}
	precision, recall, ok := result.PrecisionRecall(generated, photos)
	if !ok {
		return nil
	}
	return &neighbourhood{precision, recall}
}

// patternsJudged is the table of what study 1's images show; without rows where there is none.
func (r *Report) patternsJudged() table.Table {
	g := table.Table{
		Title: "Study 1, what the images show, as the referee sees them",
		Columns: []table.Column{
			{Head: "pattern"}, {Head: "called defective", Numeric: true}, {Head: "95 % interval", Numeric: true, Extra: 3}, {Head: "p (Holm)", Numeric: true},
			{Head: "noun alone", Numeric: true}, {Head: "its interval", Numeric: true, Extra: 3}, {Head: "its p (Holm)", Numeric: true, Extra: 3},
			{Head: "noun moved", Numeric: true, Extra: 1}, {Head: "precision", Numeric: true, Extra: 2}, {Head: "recall", Numeric: true, Extra: 2},
		},
	}
	if len(r.judged) == 0 {
		return g
	}
	for _, row := range r.judged {
		cells := append([]string{row.name}, row.identifier.cells()...)
		cells = append(append(cells, row.noun.cells()...), distances(row.moved))
		precision, recall := "–", "–"
		if row.hood != nil {
			precision, recall = share(row.hood.precision), share(row.hood.recall)
		}
		g.Rows = append(g.Rows, append(cells, precision, recall))
	}
	g.Notes = append(r.refereeNotes(), result.JudgedNotes(r.patterns[r.referencePattern()].name)...)
	return g
}

func (s *sharesCalled) cells() []string {
	if s == nil {
		return []string{"–", "–", "–"}
	}
	cells := []string{overSeeds(s.share.Spread), between(s.share.Interval), "–"}
	if s.p != nil {
		cells[2] = probability(*s.p)
	}
	return cells
}
