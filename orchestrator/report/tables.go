package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/experiment"
	"kizu/orchestrator/plan"
	"kizu/orchestrator/report/table"
	"kizu/orchestrator/result"
)

// grids are the tables of all studies that have rows.
func (r *Report) grids() []table.Table {
	all := []table.Table{
		r.noted(r.conditionGrid(), experiment.Classification), r.worthGrid(), r.pairGrid(), r.detectionGrid(), r.rankedGrid(), r.kindsGrid(), r.samplesJudged(),
		r.noted(r.patternGrid(), experiment.Generation), r.qualityGrid(), r.patternsJudged(),
	}
	return slices.DeleteFunc(all, func(g table.Table) bool { return len(g.Rows) == 0 })
}

// conditionGrid is study 2's table, the majority baseline last.
func (r *Report) conditionGrid() table.Table {
	if len(r.conditions) == 0 {
		return table.Table{}
	}
	g := table.Table{
		Title: fmt.Sprintf("Study 2: %s (%s), %s", r.tests.text(), r.tests.composition(), r.seedsText()),
		Columns: []table.Column{
			{Head: "condition"}, {Head: "good", Extra: 1}, {Head: "each defect"},
			{Head: "accuracy", Numeric: true}, {Head: "95 % interval", Numeric: true},
			{Head: "balanced accuracy", Numeric: true, Extra: 2}, {Head: "macro-F1", Numeric: true, Extra: 2},
			{Head: "test images", Numeric: true, Extra: table.InTitle + 1},
			{Head: "seeds", Numeric: true, Extra: table.InTitle},
		},
	}
	if r.reference() != nil {
		name := r.reference().Name
		g.Columns = append(g.Columns, table.Column{Head: name, Numeric: true}, table.Column{Head: name + "’s interval", Numeric: true, Extra: 1})
	}
	repeated := false
	for _, c := range r.conditions {
		row := []string{c.name, c.set.Good.Text(r.generatedWord(c)), c.set.Defects.Text(r.generatedWord(c))}
		switch {
		case len(c.runs) == 0:
			row = append(row, string(stateOfRow(c.cells)), "–", "–", "–")
		case c.detector != nil: // it tells no class
			row = append(row, "–", "–", "–", "–")
		default:
			row = append(row, overSeeds(c.accuracy.Spread), between(c.accuracy.Interval), overSeeds(c.balanced.Spread), overSeeds(c.macroF1.Spread))
		}
		row = append(row, fmt.Sprint(r.tests.total), progress(len(c.runs), len(c.cells)))
		if r.reference() != nil {
			accuracy, interval := r.referenceFigure(c)
			row = append(row, accuracy, interval)
		}
		g.Rows = append(g.Rows, row)
		if len(c.runs) < len(c.cells) {
			g.Column("seeds").Extra = 0 // they differ, so they are shown
		}
		repeated = repeated || len(c.runs) > 1
	}
	majority := []string{"always “" + r.tests.majority + "”", "–", "–", share(r.tests.baseline), "–", "–", "–", fmt.Sprint(r.tests.total), "–"}
	if r.reference() != nil {
		majority = append(majority, "–", "–")
		g.Notes = append(g.Notes, r.referenceNote())
	}
	g.Rows = append(g.Rows, majority)
	if repeated {
		g.Notes = append(g.Notes, result.OverSeeds(r.plan.Experiment.Redraws()))
	}
	if r.tests.parts > 0 {
		g.Notes = append(g.Notes, result.PartsMeaning)
	}
	if note := r.plan.RedrawNote(); note != "" {
		g.Notes = append(g.Notes, note)
	}
	if note := r.plan.SimilarNote(); note != "" {
		g.Notes = append(g.Notes, note)
	}
	g.Notes = append(g.Notes, append(r.remarkNotes(), r.confounds()...)...)
	return g
}

// text counts the test images, and the parts that they show.
func (t testImages) text() string {
	text := english.Plural(t.total, "test image", "")
	if t.parts > 0 {
		text += " of " + english.Plural(t.parts, "part", "")
	}
	return text
}

// composition lists the test images of every class.
func (t testImages) composition() string {
	var parts []string
	for _, class := range t.classes {
		parts = append(parts, fmt.Sprintf("%d %s", class.Count, class.Name))
	}
	return strings.Join(parts, ", ")
}

// seedsText says how many seeds the experiment has.
func (r *Report) seedsText() string { return english.Plural(len(r.seeds()), "seed", "") }

// patternGrid is study 1's table.
func (r *Report) patternGrid() table.Table {
	study := r.plan.Experiment.Patterns
	if study == nil {
		return table.Table{}
	}
	g := table.Table{
		Title: fmt.Sprintf("Study 1: %s, the first %s of each pattern, %s", study.Defect, english.Plural(study.Show, "image", ""), english.Plural(len(r.plan.Experiment.Patterns.Seeds), "seed", "")),
		Columns: []table.Column{
			{Head: "pattern"}, {Head: "images", Numeric: true}, {Head: "blank", Numeric: true},
			{Head: "steps", Numeric: true, Extra: 2}, {Head: "final loss", Numeric: true, Extra: 1},
			{Head: "regularization images"}, {Head: "seeds", Numeric: true, Extra: table.InTitle},
		},
	}
	for _, p := range r.patterns {
		if remarks := p.flags.remarked(); len(remarks) > 0 {
			g.Notes = append(g.Notes, fmt.Sprintf("of the %d images of “%s”: %s", p.images, p.name, english.WordSeries(remarks, "and")))
		}
		row := []string{p.name}
		if len(p.runs) == 0 {
			row = append(row, string(stateOfRow(p.cells)), "–", "–", "–", "–", progress(0, len(p.cells)))
			g.Rows = append(g.Rows, row)
			continue
		}
		row = append(row, fmt.Sprint(p.images), fmt.Sprint(p.flags.blank))
		if e, ok := p.exposures(); ok {
			row = append(row, fmt.Sprint(e.steps), overSeeds(p.loss), e.regularization())
		} else {
			row = append(row, "–", "–", "–")
		}
		g.Rows = append(g.Rows, append(row, progress(len(p.runs), len(p.cells))))
	}
	for _, p := range r.patterns {
		if len(p.runs) < len(p.cells) {
			g.Column("seeds").Extra = 0
		}
	}
	return g
}

// unfinished says, one line each, what failed and why, and how much is missing.
func (r *Report) unfinished() []string {
	var lines []string
	for _, c := range r.cells {
		if c.state == failed {
			lines = append(lines, fmt.Sprintf("failed: %s %q, seed %d: %s", c.Study, c.Name, c.Seed, firstLine(c.reason)))
		}
	}
	if n := r.count(missing); n > 0 {
		lines = append(lines, fmt.Sprintf("missing: %d of %s not run yet", n, english.Plural(len(r.cells), "cell", "")))
	}
	if r.unjudged != "" {
		lines = append(lines, r.unjudged)
	}
	return lines
}

// unjudged counts the tasks that are not done of those that only say how good images of cells
// that are done are; "" for none. Tables are of what is there.
func (s *source) unjudged(cells []*cell) string {
	var all []*plan.Task
	for _, c := range cells {
		if c.state == done {
			all = append(all, c.Observing()...)
		}
	}
	for _, trial := range s.plan.Trials {
		if len(all) > 0 {
			all = append(all, trial.Task)
		}
	}
	seen, lacking, kinds, why := map[*plan.Task]bool{}, 0, []string{}, ""
	for _, task := range all {
		if !seen[task] && !s.store.Has(task.Kind, task.Key) {
			lacking, kinds, why = lacking+1, appendNew(kinds, task.Kind), cmp.Or(why, s.failureOf(task))
		}
		seen[task] = true
	}
	if lacking == 0 {
		return ""
	}
	text := fmt.Sprintf("%d of the %s that say how good images are (%s) not done: tables and sentences are of the others", lacking, english.Plural(len(seen), "task", ""), english.WordSeries(kinds, "and"))
	if why != "" {
		return string(failed) + ": " + text + ": " + firstLine(why)
	}
	return string(missing) + ": " + text
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
