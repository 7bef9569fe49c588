package plan

import (
	"fmt"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/experiment"
	"kizu/orchestrator/stage"
)

// heldOutEvery is that of the referee's photos which try it, where the study tests on none.
const heldOutEvery = 5

// referee plans the classifier that says what generated images show; nil where the file asks
// for none. It learns from photos alone, the first of each class that nothing is tested on,
// as they are and as the base's autoencoder gives them back, since every image that passed
// through that has its trace. All that judges a study is one: what it says can be compared.
func (b *builder) referee() (*Task, error) {
	const label = "referee"
	if task := b.byLabel[label]; task != nil || b.exp.Referee.Photos == 0 {
		return task, nil
	}
	k := b.exp.Classifier
	training := k.ClassifierTraining
	training.Keep, training.Sampling, training.RealShare, training.Folds, training.Recall = true, experiment.BalancedSampling, 0, 0, 0
	spec := stage.Classify{
		Seed: stage.Seed(b.exp.Seeds[0], stage.KindClassify, label), Model: k.Model, Weights: b.weights(k.Weights),
		ClassifierTraining: training.Keyed(), Classes: b.exp.Dataset.Classes(), Rendering: b.rendering(),
	}
	var photos []dataset.Image // that it learns from
	for index, class := range spec.Classes {
		learnt, tried := b.refereesPhotos(class)
		if err := b.teach(&spec, index, learnt, make([]int, len(learnt))); err != nil {
			return nil, err
		}
		tests, err := b.tests(index, tried)
		if err != nil {
			return nil, err
		}
		spec.Test = append(spec.Test, tests...)
		for i := range learnt {
			spec.Decoded = append(spec.Decoded, stage.Labeled{Class: index, First: len(photos) + i, Count: 1})
		}
		photos = append(photos, learnt...)
	}
	pictures, err := b.pictures(photos)
	if err != nil {
		return nil, err
	}
	decoded, err := b.autoencode("to train the referee", stage.Autoencode{Images: pictures, Trains: true}, b.exp.LoRA)
	if err != nil {
		return nil, err
	}
	for i := range spec.Decoded {
		spec.Decoded[i].Path = decoded.file("images")
	}
	b.byLabel[label], err = b.add(label, spec, decoded)
	return b.byLabel[label], err
}

// refereesPhotos are those of a class that the referee learns from, and those that it is
// tried on.
func (b *builder) refereesPhotos(class string) (learnt, tried []dataset.Image) {
	learnt, tried = b.in.Division.Train[class], b.in.Division.Test[class]
	learnt = learnt[:min(len(learnt), b.exp.Referee.Photos)]
	if len(tried) > 0 {
		return learnt, tried
	}
	var rest []dataset.Image
	for i, img := range learnt {
		if i%heldOutEvery == 1 {
			tried = append(tried, img)
		} else {
			rest = append(rest, img)
		}
	}
	return rest, tried
}

// judged plans what the referee says of images that are called a class; nil where there is
// no referee.
func (b *builder) judged(images *Task, class string) (*Task, error) {
	referee, err := b.referee()
	if referee == nil {
		return nil, err
	}
	spec := stage.Judge{Classifier: referee.file(""), Label: class, Folder: images.file("images"), Count: images.Spec.Output().Images}
	return b.add(fmt.Sprintf("what the referee says of %s", images.Label), spec, referee, images)
}
