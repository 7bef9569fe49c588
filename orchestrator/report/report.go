// Package report turns what a store holds of an experiment into answers: a table for the terminal,
// Markdown, CSV, JSON, LaTeX and one self-contained page. It reads artifacts only, so it needs
// neither Python nor a GPU, and it works on a run that is half finished or partly failed: such
// cells are shown as what they are.
package report

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"kizu/orchestrator/experiment"
	"kizu/orchestrator/plan"
	"kizu/orchestrator/store"
)

// Report is everything that is known of an experiment.
type Report struct {
	plan       *plan.Plan
	store      *store.Store
	cells      []*cell
	patterns   []*pattern      // study 1, in the file's order
	conditions []*condition    // study 2, in the file's order
	counts     []*condition    // of photos alone, which real_counts adds
	scales     []*scale        // on which generated images are worth photos
	pairs      []pair          // study 2's comparisons
	ranked     []pair          // its detectors' AUROC beside those of the other conditions
	verdict    *verdict        // of study 2; nil without something to compare
	samples    []*sample       // study 2's generated images
	trials     []judged        // what a referee says of photos
	judged     []patternJudged // what a referee says of study 1
	found      []string        // the same in sentences
	unjudged   string          // how much of what says how good images are is not there; "" for nothing
	tests      testImages
	record     record
	compared   func() string // with what was published; found once, since every file is hashed
}

// Collect reads the artifacts of every cell. failures gives one line for each
// task of the last run that failed or could not run, by the task's id; nil if
// nothing is known of a run. A damaged artifact fails its cell, not the report.
func Collect(p *plan.Plan, s *store.Store, failures map[string]string) (*Report, error) {
	src := &source{partOf: p.PartOf(), plan: p, store: s, failures: failures, looks: map[string]*look{}}
	r := &Report{plan: p, store: s, tests: testImagesOf(p), record: recordOf(p, s)}
	for _, planned := range p.Cells {
		c := src.cell(planned)
		r.cells = append(r.cells, c)
		if c.Study == experiment.Generation {
			r.patterns = addPattern(r.patterns, c)
		} else if c.Condition.Counted() {
			r.counts = addCondition(r.counts, c)
		} else {
			r.conditions = addCondition(r.conditions, c)
			r.samples = src.addSamples(r.samples, c)
		}
	}
	for _, pattern := range r.patterns {
		pattern.summarize()
	}
	for _, condition := range slices.Concat(r.conditions, r.counts) {
		if err := condition.summarize(src.partOf, p.Experiment.Dataset.Good); err != nil {
			return nil, fmt.Errorf("report, condition %q: %w", condition.name, err)
		}
	}
	r.compared = sync.OnceValue(r.comparison)
	r.trials, r.unjudged = src.trials(), src.unjudged(r.cells)
	for _, step := range []func() error{
		r.judgePatterns,
		func() (err error) { r.pairs, err = comparePairs(r.conditions); return err },
		func() (err error) { r.ranked, err = rankDetectors(r.conditions); return err },
		func() (err error) { r.verdict, err = r.decide(); return err },
		r.findScales,
	} {
		if err := step(); err != nil {
			return nil, fmt.Errorf("report: %w", err)
		}
	}
	return r, nil
}

// Damaged lists the artifacts that were not what was committed. Their cells
// have failed in this report.
func (r *Report) Damaged() []*store.DamagedError {
	var list []*store.DamagedError
	for _, c := range r.cells {
		var damage *store.DamagedError
		if errors.As(c.damage, &damage) {
			list = append(list, damage)
		}
	}
	return list
}

// Failed reports whether any cell has failed.
func (r *Report) Failed() bool { return r.count(failed) > 0 }

// count says how many cells are in a state.
func (r *Report) count(s state) int {
	n := 0
	for _, c := range r.cells {
		if c.state == s {
			n++
		}
	}
	return n
}

// seeds lists the experiment's seeds.
func (r *Report) seeds() []int64 { return r.plan.Experiment.Seeds }
