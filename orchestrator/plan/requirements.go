package plan

import (
	"errors"
	"fmt"
	"slices"
	"strings"

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

// photoRequirements lists what an experiment asks of photos that are divided, whether or
// not they suffice.
func photoRequirements(exp *experiment.Experiment, set *dataset.Set, division *dataset.Division) []PhotoRequirement {
	var all []PhotoRequirement
	for _, class := range exp.Dataset.Classes() {
		add := func(use string, have int, want most) {
			if want.n > 0 {
				all = append(all, PhotoRequirement{class, use, have, want.n, want.key})
			}
		}
		tested := most{exp.TestCount(class), exp.TestKey(class)}
		if exp.Conditions != nil && exp.Conditions.Test.List != "" {
			tested.n = len(division.Test[class])
		}
		add(testedOn, division.Testable[class], tested)
		patternRequirements(exp, set, division, class, add)
		conditionRequirements(exp, len(division.Train[class]), class, add)
		add("the referee", len(division.Train[class]), most{refereeLearns(exp, division, class), "referee.photos"})
	}
	return all
}

// shortages are what an experiment asks of photos and they do not have, each with its
// place in the file.
func shortages(exp *experiment.Experiment, set *dataset.Set, division *dataset.Division) (list []error) {
	few := map[string]bool{} // classes of which all images are tested on, and not enough
	for _, short := range division.Short {
		few[short.Class] = true
		list = append(list, exp.Fault(exp.TestKey(short.Class), short))
	}
	told := map[[2]string]bool{} // one count of the file is for several uses
	for _, need := range photoRequirements(exp, set, division) {
		place := [2]string{need.Class, need.Key}
		if need.Use == testedOn || need.Have >= need.Want || told[place] {
			continue
		}
		told[place] = true
		short := &dataset.ShortageError{Class: need.Class, Have: need.Have, Want: need.Want, Use: need.Use, Unused: len(division.Unused[need.Class])}
		if pool := division.Pool(need.Class); !few[need.Class] && need.Have == len(division.Train[need.Class]) && len(pool) >= need.Want {
			short.Tested = dataset.Names(pool[need.Have:need.Want])
		}
		if need.Have == 0 {
			short.OnePart = set.OnePart(need.Class)
		}
		list = append(list, exp.Fault(need.Key, short))
	}
	return list
}

// tooFew is one error of all shortages; nil if there are none.
func tooFew(list []error) error {
	if len(list) < 2 {
		return errors.Join(list...)
	}
	all := make([]any, len(list))
	for i, err := range list {
		all[i] = err
	}
	return fmt.Errorf("there are too few photos:"+strings.Repeat("\n  %w", len(all)), all...)
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
		add("study 1's LoRAs", len(division.Pool(class)), instance)
	case exp.Dataset.Good:
		good := len(sameVariety(set.Variety(exp.Patterns.Defect), division.Train[class]))
		add("study 1's regularization", good, regular)
		add("study 1's sources of generated images", good, sources)
	}
}

// conditionRequirements lists study 2's uses of a class, of which it may draw have.
func conditionRequirements(exp *experiment.Experiment, have int, class string, add func(string, int, most)) {
	good := class == exp.Dataset.Good
	var instance, regular, sources, shown, real, remembered most
	for _, c := range exp.ExpandConditions() {
		if c.Detector != nil {
			remembered.of(c.Of(class, exp.Dataset.Good).Real, c.CountPath(good, "real"))
			continue
		}
		real.of(c.Of(class, exp.Dataset.Good).Real, c.CountPath(good, "real"))
		real.of(c.Of(class, exp.Dataset.Good).Decoded, c.CountPath(good, "decoded"))
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
		if good && slices.ContainsFunc(exp.Dataset.Defects, func(defect string) bool {
			return c.Of(defect, class).Generated > 0 && c.LoRA.Patterns[defect] == ""
		}) {
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
	add("study 2's LoRAs", have, instance)
	add("study 2's regularization", have, regular)
	add("study 2's sources of generated images", have, sources)
	add("study 2's defects of generated images", have, shown)
	add("study 2's classifiers", have, real)
	add("study 2's detectors", have, remembered)
}
