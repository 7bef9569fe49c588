package plan

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/experiment"
)

// findWeights looks up the initial weights of all classifiers, and those of the
// network that measures study 1's images if that is a classifier's.
func findWeights(exp *experiment.Experiment, hashes *dataset.Hashes) (map[string]*Weights, error) {
	var classifiers []experiment.Classifier
	if exp.Patterns != nil && exp.Patterns.FeaturesModel() == "" {
		classifiers = append(classifiers, exp.Classifier)
	}
	for _, condition := range exp.ExpandConditions() {
		classifiers = append(classifiers, condition.Classifier)
	}
	found := map[string]*Weights{}
	for _, classifier := range classifiers {
		name := classifier.Weights
		if found[name] == nil {
			var err error
			if found[name], err = findWeight(name, exp.Dir, hashes); err != nil {
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
func findEncoder(exp *experiment.Experiment, hashes *dataset.Hashes) (*dataset.Encoder, error) {
	if exp.Patterns == nil || exp.Patterns.FeaturesModel() == "" {
		return nil, nil
	}
	name := exp.Patterns.FeaturesModel()
	path, err := filepath.Abs(beside(exp.Dir, name))
	if err != nil {
		return nil, err
	}
	encoder, err := hashes.FindEncoder(name, path)
	if err != nil {
		return nil, fmt.Errorf("patterns.features: %w", err)
	}
	return encoder, nil
}

func findWeight(name, dir string, hashes *dataset.Hashes) (*Weights, error) {
	switch name {
	case "imagenet", "lite0", "none":
		return &Weights{Name: name}, nil
	}
	path, err := filepath.Abs(beside(dir, name))
	if err != nil {
		return nil, err
	}
	if filepath.Ext(path) != ".safetensors" {
		return nil, fmt.Errorf("classifier.weights %q is none of imagenet, lite0, none, or a .safetensors file", name)
	}
	sum, err := hashes.File(path)
	if err != nil {
		return nil, fmt.Errorf("classifier.weights: %w", err)
	}
	return &Weights{Path: path, SHA256: sum}, nil
}

// weightsStates says, for each of the classifiers' initial weights, where they
// come from.
func weightsStates(weights map[string]*Weights) []string {
	var states []string
	for _, name := range slices.Sorted(maps.Keys(weights)) {
		for _, source := range weights[name].sources() {
			states = append(states, name+": "+source)
		}
	}
	return states
}

// sources says where weights come from: one file, or one for each backbone.
func (w *Weights) sources() []string {
	switch w.Name {
	case "none":
		return []string{"random"}
	case "lite0":
		return []string{"a package of requirements.txt"}
	case "imagenet":
		files := make([]string, len(w.Models))
		for i, model := range w.Models {
			path, there := dataset.TorchCheckpoint(experiment.Backbones[model])
			if files[i] = path; !there {
				files[i] += ", not there yet: will be downloaded"
			}
		}
		return files
	}
	return []string{w.Path}
}
