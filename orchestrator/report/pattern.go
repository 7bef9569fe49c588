package report

import (
	"fmt"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/experiment"
	"kizu/orchestrator/result"
)

// pattern is one LoRA recipe of study 1 over all seeds.
type pattern struct {
	name   string
	recipe *experiment.Pattern
	cells  []*cell

	// Of the cells that are done:
	runs   []*cell
	images int
	flags  flags
	loss   result.Spread
	choice *choice // nil where images are not chosen among candidates
}

// addPattern adds a cell to the pattern that it is of.
func addPattern(list []*pattern, c *cell) []*pattern {
	for _, known := range list {
		if known.name == c.Name {
			known.cells = append(known.cells, c)
			return list
		}
	}
	return append(list, &pattern{name: c.Name, recipe: c.Pattern, cells: []*cell{c}})
}

func (p *pattern) summarize() {
	var losses []float64
	for _, cell := range p.cells {
		if cell.state != done {
			continue
		}
		p.runs = append(p.runs, cell)
		p.images += len(cell.pictures)
		p.flags = p.flags.plus(countFlags(cell.pictures))
		p.choice = cell.choice.plus(p.choice)
		if cell.training != nil {
			losses = append(losses, cell.training.FinalLoss)
		}
	}
	p.loss = result.Over(losses)
}

// exposures is how the trainings used their images; all seeds of a pattern use
// them alike but for which image comes first.
type exposures struct {
	steps              int
	instance, class    span
	distinct, intended int // regularization images used, and given
}

// span is the least and the most of something.
type span struct{ low, high int }

func (s span) String() string {
	if s.low == s.high {
		return fmt.Sprint(s.low)
	}
	return fmt.Sprintf("%d–%d", s.low, s.high)
}

// shown says whether photos of the defect are seen whole where images are made, so that
// these can be copies.
func (p *pattern) shown() bool {
	g := p.recipe.Generate
	return p.recipe.Trains() || g.Uses(experiment.InputDefect) && !g.How().Masks
}

// exposures of the runs that are done; false if there is none or no LoRA.
func (p *pattern) exposures() (exposures, bool) {
	if !p.recipe.Trains() || len(p.runs) == 0 {
		return exposures{}, false
	}
	first := p.runs[0].training
	e := exposures{
		steps:    first.Steps,
		instance: span{first.Instance.Min, first.Instance.Max},
		class:    span{first.Class.Min, first.Class.Max},
		distinct: first.Class.Distinct,
		intended: p.recipe.RegularizationImages,
	}
	for _, run := range p.runs[1:] {
		t := run.training
		e.instance = span{min(e.instance.low, t.Instance.Min), max(e.instance.high, t.Instance.Max)}
		e.class = span{min(e.class.low, t.Class.Min), max(e.class.high, t.Class.Max)}
		e.distinct = min(e.distinct, t.Class.Distinct)
	}
	return e, true
}

// regularization says how the regularization images were used.
func (e exposures) regularization() string {
	switch {
	case e.intended == 0:
		return "none"
	case e.distinct < e.intended:
		return fmt.Sprintf("%d of %d used, %s× each, %d unused", e.distinct, e.intended, e.class, e.intended-e.distinct)
	}
	return fmt.Sprintf("%d used, %s× each", e.distinct, e.class)
}

// patternsAnswer counts; what the images show is for people to judge.
func (r *Report) patternsAnswer() []string {
	images, f, finished := 0, flags{}, 0
	for _, p := range r.patterns {
		if len(p.runs) > 0 {
			finished++
		}
		images += p.images
		f = f.plus(p.flags)
	}
	if finished == 0 {
		return []string{"No pattern has images yet."}
	}
	var bad []string
	for _, kind := range []struct {
		n    int
		name string
	}{{f.blank, "blank"}, {f.saturated, "saturated"}, {f.nan, "broken by NaN"}} {
		if kind.n > 0 {
			bad = append(bad, fmt.Sprintf("%d %s", kind.n, kind.name))
		}
	}
	bad = append(bad, f.remarked()...)
	quality := "none of them blank, saturated or broken by NaN"
	if len(bad) > 0 {
		quality = "among them " + english.WordSeries(bad, "and")
	}
	judge := "whether they show the defect is for the eye to judge, and none was picked"
	if len(r.judged) > 0 { // which a referee does
		judge = "none was picked"
	}
	sentences := []string{fmt.Sprintf("Study 1 made %s with %s, %s; %s%s.",
		english.Plural(images, "image", ""), english.Plural(finished, "pattern", ""), quality, judge, r.picked())}
	return append(append(sentences, r.found...), r.copiesAnswer()...)
}
