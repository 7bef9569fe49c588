package report

import (
	"kizu/orchestrator/plan"
	"kizu/orchestrator/result"
	"kizu/orchestrator/stage"
)

// kinds is how well a classifier's features tell generated images from photos,
// at the end of its training and before it.
type kinds struct{ after, before result.Kinds }

// readKinds asks how well a classifier's features tell generated images that it
// has not seen from test photos: as many of each, class by class, so that no
// class gives the kind away. Other test photos, autoencoded, are the control where
// generated images went through the autoencoder whole.
// Fewer than ten images are not asked.
func (s *source) readKinds(c *cell) error {
	spec := c.Classify.Spec.(stage.Classify)
	if len(spec.HeldOut) == 0 {
		return nil
	}
	c.kinds = &kinds{}
	for _, probed := range []struct {
		file string
		into *result.Kinds
	}{{featuresFile, &c.kinds.after}, {"features_before.safetensors", &c.kinds.before}} {
		ok, err := s.probe(c.Classify, spec, probed.file, probed.into)
		if !ok || err != nil {
			c.kinds = nil
			return err
		}
	}
	after, before := c.kinds.after, c.kinds.before
	if !after.Controlled {
		c.metrics = append(c.metrics,
			metric{"n_probe", float64(after.Generated.Tested)},
			metric{"probe_accuracy", after.Generated.Accuracy()},
			metric{"probe_before_training", before.Generated.Accuracy()})
		return nil
	}
	interval := result.Wilson(after.Beyond.Accuracy(), after.Beyond.Tested)
	c.metrics = append(c.metrics,
		metric{"n_probe", float64(after.Generated.Tested)},
		metric{"probe_accuracy", after.Generated.Accuracy()},
		metric{"probe_autoencoded", after.Autoencoded.Accuracy()},
		metric{"probe_beyond_autoencoder", after.Beyond.Accuracy()},
		metric{"probe_beyond_autoencoder_low", interval.Low},
		metric{"probe_beyond_autoencoder_high", interval.High},
		metric{"probe_before_training", before.Generated.Accuracy()},
		metric{"probe_autoencoded_before_training", before.Autoencoded.Accuracy()},
		metric{"probe_beyond_autoencoder_before_training", before.Beyond.Accuracy()})
	return nil
}

// probe runs the probes of the features in a file; false if there are too few.
func (s *source) probe(task *plan.Task, spec stage.Classify, file string, into *result.Kinds) (bool, error) {
	lists := []struct {
		name   string
		images []stage.Labeled
	}{{"test", spec.Test}, {"autoencoded", spec.AutoencodedImages()}, {"held_out", spec.HeldOutImages()}}
	var sets [3]result.Features
	for i, list := range lists {
		if len(list.images) == 0 { // autoencoded photos, which are no control then
			continue
		}
		var err error
		if sets[i], err = s.tensor(task, file, list.name, len(list.images)); err != nil {
			return false, err
		}
	}
	var picked [3]result.Features
	for class := range spec.Classes {
		var of [3]result.Features
		for i, list := range lists {
			of[i] = ofClass(sets[i], list.images, class)
		}
		// The first photos are not those that were autoencoded, as the plan has it.
		n := min(len(of[1]), len(of[2]))
		if len(spec.Autoencoded) == 0 {
			n = min(len(of[0]), len(of[2]))
		}
		for i := range of {
			picked[i] = append(picked[i], of[i][:min(n, len(of[i]))]...)
		}
	}
	const fewest = 5 // of each kind
	if len(picked[0]) < fewest {
		return false, nil
	}
	var err error
	*into, err = result.ProbeKinds(picked[0], picked[1], picked[2])
	return err == nil, err
}

// ofClass takes the features of a class's images; of a photo in tiles, those of the first,
// which stands for it.
func ofClass(features result.Features, images []stage.Labeled, class int) result.Features {
	var list result.Features
	seen := map[string]bool{}
	for i, img := range images {
		if img.Class == class && !seen[img.Name] {
			seen[img.Name] = true
			list = append(list, features[i])
		}
	}
	return list
}
