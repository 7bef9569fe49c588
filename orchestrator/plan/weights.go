package plan

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"kizu/orchestrator/experiment"
	"kizu/orchestrator/filehash"
	"kizu/orchestrator/model"
)

// findWeights looks up the initial weights of all classifiers, and those of the
// network that measures images if that is a classifier's.
func findWeights(exp *experiment.Experiment, hashes *filehash.Hashes) (map[string]*model.Weights, error) {
	var classifiers []experiment.Classifier
	if (exp.Patterns != nil || exp.SelectsByFeatures()) && exp.FeaturesModel() == "" {
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
			if found[name], err = weightsNamed(exp, classifier.Model, name, hashes); err != nil {
				return nil, exp.Fault("classifier.weights", err)
			}
		}
		if (found[name].Encoder != nil) != (classifier.Model == experiment.Transformers) {
			return nil, exp.Fault("classifier.weights", fmt.Errorf("classifier.weights %q are of model %s and of no other", name, experiment.Transformers))
		}
		if err := seesWhole(classifier, found[name].Encoder); err != nil {
			return nil, exp.Fault("classifier.resolution", err)
		}
		if models := &found[name].Models; !slices.Contains(*models, classifier.Model) {
			*models = append(*models, classifier.Model)
		}
	}
	return found, nil
}

// seesWhole refuses a resolution that a vision transformer would see cut off.
func seesWhole(classifier experiment.Classifier, encoder *model.Encoder) error {
	if encoder == nil {
		return nil
	}
	patch, side := encoder.Patch, classifier.Resolution
	if patch <= 0 || side%patch == 0 {
		return nil
	}
	return fmt.Errorf("classifier.resolution %d is no multiple of %d pixels, the side of the patches that %s sees: use %d", side, patch, encoder.Name, max(1+31/patch, (side+patch/2)/patch)*patch)
}

// weightsNamed looks up what the setting classifier.weights names.
func weightsNamed(exp *experiment.Experiment, backbone, name string, hashes *filehash.Hashes) (*model.Weights, error) {
	words := experiment.Choices["classifier.weights"]
	switch {
	case backbone == experiment.Transformers:
		encoder, err := encoderNamed(exp, "classifier.weights", experiment.EncoderNamed(name), hashes)
		return &model.Weights{Name: name, Encoder: encoder}, err
	case slices.Contains(words, name):
		return &model.Weights{Name: name}, nil
	case filepath.Ext(name) != model.WeightsSuffix:
		return nil, fmt.Errorf("classifier.weights %q is none of %s, or a %s file", name, strings.Join(words, ", "), model.WeightsSuffix)
	}
	found, err := model.FindWeights(hashes, beside(exp.Dir, name))
	if err != nil {
		return nil, fmt.Errorf("classifier.weights: %w", err)
	}
	return found, nil
}

// findEncoder looks up the vision transformer that measures study 1's images; nil if there is none.
func findEncoder(exp *experiment.Experiment, hashes *filehash.Hashes) (*model.Encoder, error) {
	if exp.FeaturesModel() == "" {
		return nil, nil
	}
	encoder, err := encoderNamed(exp, "patterns.features", exp.FeaturesModel(), hashes)
	return encoder, exp.Fault("patterns.features", err)
}

// encoderNamed looks up the vision transformer that a setting names.
func encoderNamed(exp *experiment.Experiment, setting, name string, hashes *filehash.Hashes) (*model.Encoder, error) {
	path, err := filepath.Abs(beside(exp.Dir, name))
	if err != nil {
		return nil, err
	}
	encoder, err := model.FindEncoder(hashes, name, path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", setting, err)
	}
	return encoder, nil
}

// encodersOf lists the vision transformers that tasks open: what measures images, and what
// classifiers start from.
func encodersOf(features *model.Encoder, weights map[string]*model.Weights) (list []*model.Encoder) {
	if features != nil {
		list = append(list, features)
	}
	for _, name := range slices.Sorted(maps.Keys(weights)) {
		e := weights[name].Encoder
		if e != nil && !slices.ContainsFunc(list, func(other *model.Encoder) bool { return other.Name == e.Name }) {
			list = append(list, e)
		}
	}
	return list
}

// findReferee looks up the classifier that the file names as its referee; nil if it names none.
func findReferee(exp *experiment.Experiment, hashes *filehash.Hashes) (*model.Classifier, error) {
	if exp.Referee.Classifier == "" {
		return nil, nil
	}
	found, err := model.FindClassifier(hashes, beside(exp.Dir, exp.Referee.Classifier))
	if err == nil && experiment.Backbones[found.Model].Stored == 0 {
		err = fmt.Errorf("the model %q of %s is no backbone that kizu knows", found.Model, found.Path)
	} else if good := exp.Dataset.Good; err == nil && found.Classes[0] != good {
		err = fmt.Errorf("the first class that %s knows is %q, not the good one, %q", found.Path, found.Classes[0], good)
	} else if err == nil && len(found.Classes) != 2 {
		for _, class := range exp.Dataset.Classes() {
			if !slices.Contains(found.Classes, class) {
				err = fmt.Errorf("%s knows %s, not %q: a referee knows all classes of the dataset, or good and defective", found.Path, strings.Join(found.Classes, ", "), class)
			}
		}
	}
	if err != nil {
		return nil, exp.Fault("referee.classifier", fmt.Errorf("referee.classifier: %w", err))
	}
	return found, nil
}

// weightsStates says, for each of the classifiers' initial weights, where they come from.
func weightsStates(weights map[string]*model.Weights) ([]string, error) {
	states := []string{}
	for _, name := range slices.Sorted(maps.Keys(weights)) {
		sources := sourcesOfWeights(weights[name])
		if encoder := weights[name].Encoder; encoder != nil {
			state, err := encoder.Check()
			if err != nil {
				return states, err
			}
			sources = []string{state}
		}
		for _, source := range sources {
			states = append(states, name+": "+source)
		}
	}
	return states, nil
}

// sourcesOfWeights says where weights come from: one file, or one for each backbone that
// starts from them.
func sourcesOfWeights(w *model.Weights) []string {
	switch w.Name {
	case experiment.NoWeights:
		return []string{"random"}
	case experiment.Lite0:
		return []string{"a package of requirements.txt"}
	case experiment.ImageNet:
		paths := make([]string, len(w.Models))
		for i, backbone := range w.Models {
			path, there := model.TorchCheckpoint(experiment.Backbones[backbone].ImageNet)
			if paths[i] = path; !there {
				paths[i] += ", not there yet: will be downloaded"
			}
		}
		return paths
	}
	return []string{w.Path}
}
