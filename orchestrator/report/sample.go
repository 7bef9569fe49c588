package report

import (
	"fmt"
	"slices"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/plan"
)

// sample is the generated images of one class that study 2 trains on.
type sample struct {
	class    string
	variant  string // what its LoRA is, where the study lists several, and how it is made, where its training set says it
	seed     int64
	task     *plan.Task
	state    state
	reason   string
	pictures []picture
	choice   *choice // nil where they are not chosen among candidates
}

// remarkNotes count what a method remarked on study 2's generated images.
func (r *Report) remarkNotes() (notes []string) {
	counts, images := map[string]flags{}, map[string]int{}
	var methods []string
	for _, s := range r.samples {
		method := methodOf(s.task.Made())
		methods = appendNew(methods, method)
		counts[method] = counts[method].plus(countFlags(s.pictures))
		images[method] += len(s.pictures)
	}
	for _, method := range methods {
		if remarks := counts[method].remarked(); len(remarks) > 0 {
			notes = append(notes, fmt.Sprintf("of the %d images by %s: %s", images[method], method, english.WordSeries(remarks, "and")))
		}
	}
	return notes
}

// addSamples adds the generated images that a classifier's training set has,
// each set of them once, in the order of the classes.
func (s *source) addSamples(list []*sample, c *cell) []*sample {
	if c.Classify == nil { // a detector
		return list
	}
	for class, need := range c.Classify.Makers() {
		if slices.ContainsFunc(list, func(known *sample) bool { return known.task == need }) {
			continue
		}
		added := &sample{class: class, variant: c.Condition.Differs(), seed: c.Seed, task: need}
		if added.state, added.reason = s.stateOf(need); added.state == done {
			var err error
			if added.pictures, err = s.pictures(need); err == nil {
				added.choice, err = s.choice(need)
			}
			if err != nil {
				added.state, added.reason = failed, err.Error()
			}
		}
		list = append(list, added)
	}
	return list
}
