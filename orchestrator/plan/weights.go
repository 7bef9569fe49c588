package plan

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"kizu/orchestrator/experiment"
	"kizu/orchestrator/filehash"
	"kizu/orchestrator/model"
)

// findWeights looks up the initial weights of all classifiers, and those of the
// network that measures study 1's images if that is a classifier's.
func findWeights(exp *experiment.Experiment, hashes *filehash.Hashes) (map[string]*model.Weights, error) {
	var classifiers []experiment.Classifier
	if exp.Patterns != nil && exp.Patterns.FeaturesModel() == "" {
		classifiers = append(classifiers, exp.Classifier)
	}
	for _, condition := range exp.ExpandConditions() {
		classifiers = append(classifiers, condition.Classifier)
	}
	found := map[string]*model.Weights{}
	for _, classifier := range classifiers {
		name := classifier.Weights
		if found[name] == nil {
			var err error
			if found[name], err = model.FindWeights(hashes, name, beside(exp.Dir, name)); err != nil {
				return nil, err
			}
		}
		if models := &found[name].Models; !slices.Contains(*models, classifier.Model) {
			*models = append(*models, classifier.Model)
		}
	}
	return found, nil
}

// findEncoder looks up the vision transformer that measures study 1's images;
// nil if there is none.
func findEncoder(exp *experiment.Experiment, hashes *filehash.Hashes) (*model.Encoder, error) {
	if exp.Patterns == nil || exp.Patterns.FeaturesModel() == "" {
		return nil, nil
	}
	name := exp.Patterns.FeaturesModel()
	path, err := filepath.Abs(beside(exp.Dir, name))
	if err != nil {
		return nil, err
	}
	encoder, err := model.FindEncoder(hashes, name, path)
	if err != nil {
		return nil, fmt.Errorf("patterns.features: %w", err)
	}
	return encoder, nil
}

// weightsStates says, for each of the classifiers' initial weights, where they
// come from.
func weightsStates(weights map[string]*model.Weights) []string {
	var states []string
	for _, name := range slices.Sorted(maps.Keys(weights)) {
		for _, source := range weights[name].Sources(experiment.Backbones) {
			states = append(states, name+": "+source)
		}
	}
	return states
}
