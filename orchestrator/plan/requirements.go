package plan

import (
	"kizu/orchestrator/dataset"
	"kizu/orchestrator/experiment"
)

// testedOn is the use of test photos.
const testedOn = "tested on"

// PhotoRequirement is how many photos of a class one use asks for.
type PhotoRequirement struct {
	Class string `json:"class"`
	Use   string `json:"use"`
	Have  int    `json:"have"`
	Want  int    `json:"want"`
	Key   string `json:"key"` // of the experiment file: what asks for them
}

// most is the largest number of photos that any pattern or condition asks for.
type most struct {
	n   int
	key string
}

func (m *most) of(n int, key string) {
	if n > m.n {
		*m = most{n, key}
	}
}

// photoRequirements lists what an experiment asks of a set of photos, whether or not the
// photos suffice. seen are those that the base model was trained on.
func photoRequirements(exp *experiment.Experiment, set *dataset.Set, seen map[string]bool) ([]PhotoRequirement, error) {
	classes := exp.Dataset.Classes()
	eligible := map[string]int{}
	tests, err := testsOf(exp, set)
	if err != nil {
		return nil, err
	}
	for _, img := range set.Images {
		if img.Split != dataset.TrainingOnly && !img.In(seen) {
			eligible[img.Class]++
		}
	}
	for _, class := range classes {
		if tests.Counts != nil {
			tests.Counts[class] = min(tests.Counts[class], eligible[class])
		}
	}
	division, err := dataset.Divide(set, classes, tests, seen, exp.Dataset.SplitSeed)
	if err != nil {
		return nil, err
	}
	var all []PhotoRequirement
	for _, class := range classes {
		add := func(use string, have int, want most) {
			if want.n > 0 {
				all = append(all, PhotoRequirement{class, use, have, want.n, want.key})
			}
		}
		tested := exp.TestCount(class)
		if tests.Listed != nil {
			tested = len(division.Test[class])
		}
		add(testedOn, eligible[class], most{tested, exp.TestKey(class)})
		patternRequirements(exp, set, division, class, add)
		conditionRequirements(exp, len(division.Train[class]), class, add)
	}
	return all, nil
}

// patternRequirements lists study 1's uses of a class; more patterns use the same photos.
func patternRequirements(exp *experiment.Experiment, set *dataset.Set, division *dataset.Division, class string, add func(string, int, most)) {
	if exp.Patterns == nil {
		return
	}
	var instance, regular, sources most
	for _, p := range exp.ExpandPatterns() {
		instance.of(p.DefectImages, p.Path("defect_images"))
		regular.of(p.RegularizationImages, p.Path("regularization_images"))
		if p.Generate.Uses(experiment.InputSource) {
			sources.of(max(p.SourceImages, 1), p.Path("source_images"))
		}
	}
	switch class {
	case exp.Patterns.Defect:
		add("study 1: LoRAs", len(division.Pool(class)), instance)
	case exp.Dataset.Good:
		good := len(sameVariety(set.Variety(exp.Patterns.Defect), division.Train[class]))
		add("study 1: regularization", good, regular)
		add("study 1: sources of generated images", good, sources)
	}
}

// conditionRequirements lists study 2's uses of a class, of which it may draw have.
func conditionRequirements(exp *experiment.Experiment, have int, class string, add func(string, int, most)) {
	good := class == exp.Dataset.Good
	var instance, regular, sources, shown, real most
	for _, c := range exp.ExpandConditions() {
		real.of(c.Of(class, exp.Dataset.Good).Real, c.RealPath(good))
		method := c.LoRA.Generate
		if good && c.UsesGenerated() && method.Uses(experiment.InputSource) {
			sources.of(c.LoRA.SourceImages, c.LoRAPath("source_images"))
		}
		ofPattern := c.LoRA.Patterns[class] != "" && method.Uses(experiment.InputLoRA)
		if !good && !ofPattern && c.UsesGenerated() && method.UsesDefects() {
			shown.of(c.LoRA.DefectImages, c.LoRAPath("defect_images"))
		}
		if !method.Uses(experiment.InputLoRA) {
			continue
		}
		if good && c.UsesGenerated() {
			regular.of(c.LoRA.RegularizationImages, c.LoRAPath("regularization_images"))
		}
		switch {
		case c.Of(class, exp.Dataset.Good).Generated == 0:
		case good:
			instance.of(c.LoRA.GoodImages, c.LoRAPath("good_images"))
		case !ofPattern:
			instance.of(c.LoRA.DefectImages, c.LoRAPath("defect_images"))
		}
	}
	add("study 2: LoRAs", have, instance)
	add("study 2: regularization", have, regular)
	add("study 2: sources of generated images", have, sources)
	add("study 2: defects of generated images", have, shown)
	add("study 2: classifiers", have, real)
}
