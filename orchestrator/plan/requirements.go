package plan

import (
	"kizu/orchestrator/dataset"
	"kizu/orchestrator/experiment"
)

// PhotoRequirement is how many photos of a class one use asks for.
type PhotoRequirement struct {
	Class string `json:"class"`
	Use   string `json:"use"`
	Have  int    `json:"have"`
	Want  int    `json:"want"`
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
		add := func(use string, have, want int) {
			if want > 0 {
				all = append(all, PhotoRequirement{class, use, have, want})
			}
		}
		add("tested on", eligible[class], exp.TestCount(class))
		patternRequirements(exp, set, division, class, add)
		conditionRequirements(exp, len(division.Train[class]), class, add)
	}
	return all, nil
}

// patternRequirements lists study 1's uses of a class; more patterns use the same photos.
func patternRequirements(exp *experiment.Experiment, set *dataset.Set, division *dataset.Division, class string, add func(string, int, int)) {
	if exp.Patterns == nil {
		return
	}
	var instance, regular, sources int
	for _, p := range exp.ExpandPatterns() {
		instance, regular = max(instance, p.DefectImages), max(regular, p.RegularizationImages)
		if p.Generate.How().Uses(experiment.InputSource) {
			sources = max(sources, p.SourceImages, 1)
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
func conditionRequirements(exp *experiment.Experiment, have int, class string, add func(string, int, int)) {
	good := class == exp.Dataset.Good
	var instance, regular, sources, real int
	for _, c := range exp.ExpandConditions() {
		real = max(real, c.Of(class, exp.Dataset.Good).Real)
		method := c.LoRA.Generate.How()
		if good && c.UsesGenerated() && method.Uses(experiment.InputSource) {
			sources = max(sources, c.LoRA.SourceImages)
		}
		if !method.Uses(experiment.InputLoRA) {
			continue
		}
		if good && c.UsesGenerated() {
			regular = max(regular, c.LoRA.RegularizationImages)
		}
		switch {
		case c.Of(class, exp.Dataset.Good).Generated == 0:
		case good:
			instance = max(instance, c.LoRA.GoodImages)
		case c.LoRA.Patterns[class] == "":
			instance = max(instance, c.LoRA.DefectImages)
		}
	}
	add("study 2: LoRAs", have, instance)
	add("study 2: regularization", have, regular)
	add("study 2: sources of generated images", have, sources)
	add("study 2: classifiers", have, real)
}
