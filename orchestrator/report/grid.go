package report

import (
	"fmt"
	"slices"
	"strings"

	"kizu/orchestrator/experiment"
)

// grid is a table of text: what the terminal, Markdown and LaTeX share.
type grid struct {
	title   string
	columns []column
	rows    [][]string
	claims  []int    // rows that claim a difference
	notes   []string // below the table, one sentence each
}

// column is one column of a grid.
type column struct {
	head    string
	numeric bool // aligned to the right
	extra   int  // 0: always shown; a narrow terminal leaves out the highest first
}

// titled reports whether a column's number is the same in every row and stands
// in the title.
func (c column) titled() bool { return c.extra >= inTitle }

// inTitle and above are the extras of columns that repeat the title.
const inTitle = 2

// without leaves a column out that no row has anything in.
func (g grid) without(column int) grid {
	for _, row := range g.rows {
		if row[column] != "–" {
			return g
		}
	}
	g.columns = slices.Delete(g.columns, column, column+1)
	for i, row := range g.rows {
		g.rows[i] = slices.Delete(row, column, column+1)
	}
	return g
}

// grids are the tables of all studies that the experiment has.
func (r *Report) grids() []grid {
	var list []grid
	if len(r.conditions) > 0 {
		list = append(list, r.noted(r.conditionGrid(), experiment.Classification))
	}
	if len(r.pairs) > 0 {
		list = append(list, r.pairGrid())
	}
	if g, ok := r.kindsGrid(); ok {
		list = append(list, g)
	}
	if len(r.patterns) > 0 {
		list = append(list, r.noted(r.patternGrid(), experiment.Generation), r.qualityGrid())
	}
	return list
}

// conditionGrid is study 2's table, the majority baseline last.
func (r *Report) conditionGrid() grid {
	const seeds = 8 // the column
	g := grid{
		title: fmt.Sprintf("Study 2: %s (%s), %s", plural(r.tests.total, "test image"), r.tests.composition(), r.seedsText()),
		columns: []column{
			{head: "condition"}, {head: "good"}, {head: "each defect"},
			{head: "accuracy", numeric: true}, {head: "95 % interval", numeric: true},
			{head: "balanced accuracy", numeric: true, extra: 1}, {head: "macro-F1", numeric: true, extra: 1},
			{head: "test images", numeric: true, extra: inTitle + 1},
			{head: "seeds", numeric: true, extra: inTitle},
		},
	}
	if r.reference() != nil {
		name := r.reference().Name
		g.columns = append(g.columns, column{head: name, numeric: true}, column{head: name + "’s interval", numeric: true, extra: 1})
	}
	repeated := false
	for _, c := range r.conditions {
		row := []string{c.name, composition(c.set.Good), composition(c.set.Defects)}
		if len(c.runs) == 0 {
			row = append(row, string(stateOfRow(c.cells)), "–", "–", "–")
		} else {
			row = append(row, overSeeds(c.accuracy.Spread), between(c.accuracy.Interval), overSeeds(c.balanced.Spread), overSeeds(c.macroF1.Spread))
		}
		row = append(row, fmt.Sprint(r.tests.total), progress(len(c.runs), len(c.cells)))
		if r.reference() != nil {
			accuracy, interval := r.referenceFigure(c)
			row = append(row, accuracy, interval)
		}
		g.rows = append(g.rows, row)
		if len(c.runs) < len(c.cells) {
			g.columns[seeds].extra = 0 // they differ, so they are shown
		}
		repeated = repeated || len(c.runs) > 1
	}
	majority := []string{"always “" + r.tests.majority + "”", "–", "–", share(r.tests.baseline), "–", "–", "–", fmt.Sprint(r.tests.total), "–"}
	if r.reference() != nil {
		majority = append(majority, "–", "–")
		g.notes = append(g.notes, r.referenceNote())
	}
	g.rows = append(g.rows, majority)
	if repeated {
		g.notes = append(g.notes, "± is the standard deviation over seeds; the interval is of the mean accuracy, for other seeds and other test images")
	}
	g.notes = append(g.notes, r.confounds()...)
	return g
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
func (r *Report) seedsText() string { return plural(len(r.seeds()), "seed") }

// patternGrid is study 1's table.
func (r *Report) patternGrid() grid {
	const seeds = 6 // the column
	study := r.plan.Experiment.Patterns
	g := grid{
		title: fmt.Sprintf("Study 1: %s, the first %s of each pattern, %s", study.Defect, plural(study.Show, "image"), r.seedsText()),
		columns: []column{
			{head: "pattern"}, {head: "images", numeric: true}, {head: "blank", numeric: true},
			{head: "steps", numeric: true, extra: 1}, {head: "final loss", numeric: true},
			{head: "regularization images"}, {head: "seeds", numeric: true, extra: inTitle},
		},
	}
	for _, p := range r.patterns {
		row := []string{p.name}
		if len(p.runs) == 0 {
			row = append(row, string(stateOfRow(p.cells)), "–", "–", "–", "–", progress(0, len(p.cells)))
			g.rows = append(g.rows, row)
			continue
		}
		row = append(row, fmt.Sprint(p.images), fmt.Sprint(p.flags.blank))
		if e, ok := p.exposures(); ok {
			row = append(row, fmt.Sprint(e.steps), overSeeds(p.loss), e.regularization())
		} else {
			row = append(row, "–", "–", "–")
		}
		g.rows = append(g.rows, append(row, progress(len(p.runs), len(p.cells))))
	}
	for _, p := range r.patterns {
		if len(p.runs) < len(p.cells) {
			g.columns[seeds].extra = 0
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
		lines = append(lines, fmt.Sprintf("missing: %d of %s not run yet", n, plural(len(r.cells), "cell")))
	}
	return lines
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
