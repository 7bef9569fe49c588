package report

import (
	"slices"

	"kizu/orchestrator/plan"
	"kizu/orchestrator/stage"
)

// sample is the generated images of one class that study 2 trains on.
type sample struct {
	class    string
	variant  string // what its LoRA is, where the study lists several
	seed     int64
	task     *plan.Task
	state    state
	reason   string
	pictures []picture
}

// addSamples adds the generated images that a classifier's training set has,
// each set of them once, in the order of the classes.
func (s *source) addSamples(list []*sample, c *cell) []*sample {
	spec := c.Classify.Spec.(stage.Classify)
	for _, need := range c.Classify.Needs {
		if need.Kind != stage.KindGenerate {
			continue
		}
		if slices.ContainsFunc(list, func(known *sample) bool { return known.task == need }) {
			continue
		}
		added := &sample{class: s.classOf(spec, need), variant: c.Condition.Variant, seed: c.Seed, task: need}
		if added.state, added.reason = s.stateOf(need); added.state == done {
			var err error
			if added.pictures, err = s.pictures(need); err != nil {
				added.state, added.reason = failed, err.Error()
			}
		}
		list = append(list, added)
	}
	return list
}

// classOf finds the class that a classifier learns a task's images as.
func (s *source) classOf(spec stage.Classify, images *plan.Task) string {
	for _, folder := range spec.Generated {
		key := ""
		s.plan.Path(folder.Path, func(_, k string) string { key = k; return k })
		if key == images.Key {
			return spec.Classes[folder.Class]
		}
	}
	return ""
}
