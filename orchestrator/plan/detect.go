package plan

import (
	"fmt"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/experiment"
	"kizu/orchestrator/stage"
)

// detector plans a cell of study 2 that is no classifier: it learns from good photos alone, and
// is tested as all conditions are.
func (b *builder) detector(cell experiment.Cell) (Cell, error) {
	planned := Cell{Cell: cell}
	d, k := cell.Condition.Detector, cell.Condition.Classifier
	spec := stage.Detect{
		Seed: stage.Seed(cell.Seed, stage.KindDetect), Model: k.Model, Weights: b.weights(k.Weights), Resolution: k.Resolution, Precision: k.Precision,
		Detection: d.Detection, Classes: b.exp.Dataset.Classes(), Rendering: b.rendering(),
	}
	good := b.exp.Dataset.Good
	reals, err := b.train(good, drawing{d.Good.Real, "training detectors"})
	if err != nil {
		return planned, err
	}
	folds := foldsOf(reals, d.Folds)
	if folds[0] == 0 {
		return planned, fmt.Errorf("its %d good photos show one part: a threshold needs photos of two parts or more that it can hold out; ask for more in %s", len(reals), cell.Condition.CountPath(true, "real"))
	}
	if spec.Train, err = inFolds(reals, folds, 0, b.testTiles); err != nil {
		return planned, err
	}
	if spec.Test, err = b.tested(spec.Classes); err != nil {
		return planned, err
	}
	planned.Detect, err = b.add(fmt.Sprintf("detector %q, seed %d", cell.Name, cell.Seed), spec)
	return planned, err
}

// tested lists what all conditions are tested on.
func (b *builder) tested(classes []string) (list []stage.Labeled, err error) {
	for index, class := range classes {
		photos, err := b.tests(index, b.in.Division.Test[class])
		if err != nil {
			return nil, err
		}
		list = append(list, photos...)
	}
	return list, nil
}

// tests lists photos of a class, all their tiles, to be tested on.
func (b *builder) tests(class int, photos []dataset.Image) ([]stage.Labeled, error) {
	return inFolds(photos, nil, class, b.testTiles)
}
