package report

import (
	"slices"

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

// addSamples adds the generated images that a classifier's training set has,
// each set of them once, in the order of the classes.
func (s *source) addSamples(list []*sample, c *cell) []*sample {
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
