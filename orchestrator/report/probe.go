package report

import (
	"kizu/orchestrator/plan"
	"kizu/orchestrator/result"
)

// readProbe asks how well a classifier's features tell generated images that it
// has not seen from test photos: as many of each, class by class, so that no
// class gives the kind away. Fewer than ten images are not asked.
func (s *source) readProbe(c *cell) error {
	spec := c.Classify.Spec.(plan.Classify)
	heldOut := spec.HeldOutImages()
	if len(heldOut) == 0 {
		return nil
	}
	photos, err := s.tensor(c.Classify, "test", len(spec.Test))
	if err != nil {
		return err
	}
	generated, err := s.tensor(c.Classify, "held_out", len(heldOut))
	if err != nil {
		return err
	}
	var real, made result.Features
	for class := range spec.Classes {
		a, b := ofClass(photos, spec.Test, class), ofClass(generated, heldOut, class)
		n := min(len(a), len(b))
		real, made = append(real, a[:n]...), append(made, b[:n]...)
	}
	const fewest = 5 // of each kind
	if len(real) < fewest {
		return nil
	}
	probe, err := result.LinearProbe(real, made)
	if err != nil {
		return err
	}
	c.probe = &probe
	interval := result.Wilson(probe.Accuracy(), probe.Tested)
	c.metrics = append(c.metrics,
		metric{"probe_accuracy", probe.Accuracy()}, metric{"n_probe", float64(probe.Tested)},
		metric{"probe_wilson_low", interval.Low}, metric{"probe_wilson_high", interval.High})
	return nil
}

func ofClass(features result.Features, images []plan.Labeled, class int) result.Features {
	var list result.Features
	for i, img := range images {
		if img.Class == class {
			list = append(list, features[i])
		}
	}
	return list
}
