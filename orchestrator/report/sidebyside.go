package report

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/report/table"
	"kizu/orchestrator/result"
)

// SideBySide is several experiments, compared where they call a pattern or a
// training set the same: what differs between them is up to their files.
type SideBySide struct {
	reports []*Report
}

// Beside compares reports, at least two.
func Beside(reports []*Report) *SideBySide { return &SideBySide{reports} }

// Name is made of the experiments' names.
func (s *SideBySide) Name() string {
	var names []string
	for _, r := range s.reports {
		names = append(names, r.plan.Experiment.Name)
	}
	return strings.Join(names, " vs ")
}

// Table prints the comparison in lines as wide as the screen at most.
func (s *SideBySide) Table(w io.Writer, screen table.Screen) error {
	grids, err := s.grids()
	if err != nil {
		return err
	}
	var out strings.Builder
	for i, g := range grids {
		if i > 0 {
			out.WriteString("\n")
		}
		g.WriteText(&out, screen)
	}
	_, err = io.WriteString(w, out.String())
	return err
}

// Write writes side-by-side.md into a folder.
func (s *SideBySide) Write(dir string) error {
	grids, err := s.grids()
	if err != nil {
		return err
	}
	return replace(filepath.Join(dir, "side-by-side.md"), func(w io.Writer) error {
		var out strings.Builder
		fmt.Fprintf(&out, "# %s\n", table.MarkdownText(s.Name()))
		for _, g := range grids {
			g.WriteMarkdown(&out)
		}
		_, err := io.WriteString(w, out.String())
		return err
	})
}

// grids has a table of each study that two of the experiments have in common.
func (s *SideBySide) grids() ([]table.Table, error) {
	var list []table.Table
	conditions, err := s.conditionGrid()
	if err != nil {
		return nil, err
	}
	for _, g := range []table.Table{conditions, s.patternGrid()} {
		if len(g.Rows) > 0 {
			list = append(list, g)
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s: no pattern and no training set has the same name in two of them, so nothing can be compared", s.Name())
	}
	return list, nil
}

// shared lists the names that at least two experiments have, in the order of the first that has it.
func (s *SideBySide) shared(names func(*Report) []string) []string {
	count := map[string]int{}
	var order, list []string
	for _, r := range s.reports {
		for _, name := range names(r) {
			if count[name]++; count[name] == 1 {
				order = append(order, name)
			}
		}
	}
	for _, name := range order {
		if count[name] > 1 {
			list = append(list, name)
		}
	}
	return list
}

func (r *Report) condition(name string) *condition {
	for _, c := range r.conditions {
		if c.name == name {
			return c
		}
	}
	return nil
}

func (r *Report) pattern(name string) *pattern {
	for _, p := range r.patterns {
		if p.name == name {
			return p
		}
	}
	return nil
}

// conditionGrid compares accuracies. A training set's results in two experiments are a pair if they
// were tested on the same images; p values are adjusted over all pairs.
func (s *SideBySide) conditionGrid() (table.Table, error) {
	g := table.Table{Title: "Study 2, side by side: accuracy", Columns: []table.Column{{Head: "condition"}}}
	for _, r := range s.reports {
		g.Columns = append(g.Columns, table.Column{Head: r.plan.Experiment.Name, Numeric: true})
	}
	two := len(s.reports) == 2
	if two {
		g.Columns = append(g.Columns, table.Column{Head: "difference", Numeric: true}, table.Column{Head: "p (Holm)", Numeric: true})
	}
	names := s.shared(func(r *Report) (list []string) {
		for _, c := range r.conditions {
			list = append(list, c.name)
		}
		return list
	})
	var pairs []result.Comparison // of every name, where there is one
	tested := map[string]int{}
	for _, name := range names {
		row := []string{name}
		var both []*result.Runs
		for _, r := range s.reports {
			text, c := "–", r.condition(name)
			switch {
			case c != nil && c.results != nil:
				text = overSeeds(c.accuracy.Spread) + " (" + between(c.accuracy.Interval) + ")"
				both = append(both, c.results)
			case c != nil && len(c.runs) == 0: // a detector has no accuracy to show
				text = string(stateOfRow(c.cells))
			}
			row = append(row, text)
		}
		g.Rows = append(g.Rows, row)
		if two && len(both) == 2 && both[0].SameImages(both[1]) {
			compared, err := result.CompareAll(both)
			if err != nil {
				return g, err
			}
			if len(compared) == 1 {
				tested[name] = len(pairs)
				pairs = append(pairs, compared[0])
			}
		}
	}
	if !two {
		return g, nil
	}
	p := make([]float64, len(pairs))
	for i, pair := range pairs {
		p[i] = pair.P
	}
	adjusted := result.Holm(p)
	for i, name := range names {
		fields := []string{"–", "–"}
		if at, ok := tested[name]; ok {
			fields = []string{signed(pairs[at].Difference.Mean), probability(adjusted[at])}
		}
		g.Rows[i] = append(g.Rows[i], fields...)
	}
	g.Notes = append(g.Notes, fmt.Sprintf("difference is the first minus the second, on the same test images and seeds; p is adjusted over %s; – stands where the test images differ or no seed is in common",
		english.Plural(len(pairs), "comparison", "")))
	if len(pairs) > 0 && !result.Repeated(pairs) {
		g.Notes = append(g.Notes, result.OneSeed)
	}
	return g, nil
}

// patternGrid compares how trainings used their images, and what came out.
func (s *SideBySide) patternGrid() table.Table {
	g := table.Table{Title: "Study 1, side by side", Columns: []table.Column{{Head: "pattern"}, {Head: "experiment"},
		{Head: "regularization images"}, {Head: "final loss", Numeric: true, Extra: 1}, {Head: "to training photo", Numeric: true, Extra: 1},
		{Head: "copies", Numeric: true}, {Head: "KID", Numeric: true}},
		Notes: []string{fmt.Sprintf("copies are not counted where too few known ones are found, nor is KID worked out of fewer than %d images; an experiment’s own report has their controls", result.KIDFewest)}}
	for _, name := range s.shared(func(r *Report) (list []string) {
		for _, p := range r.patterns {
			list = append(list, p.name)
		}
		return list
	}) {
		first := name
		for _, r := range s.reports {
			if p := r.pattern(name); p != nil {
				g.Rows = append(g.Rows, append([]string{first, r.plan.Experiment.Name}, p.besideFields()...))
				first = ""
			}
		}
	}
	return g
}

func (p *pattern) besideFields() []string {
	fields := []string{string(stateOfRow(p.cells)), "–", "–", "–", "–"}
	if len(p.runs) > 0 {
		fields[0] = "–"
	}
	if e, ok := p.exposures(); ok {
		fields[0], fields[1] = e.regularization(), overSeeds(p.loss)
	}
	if q := p.quality(); q != nil {
		fields[2], fields[3] = distances(q.toTraining), q.copiesText()
		fields[4] = kernelDistance(q.kid, q.hasKID)[0]
	}
	return fields
}
