package plan

import (
	"fmt"
	"slices"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/experiment"
	"kizu/orchestrator/model"
	"kizu/orchestrator/stage"
)

// heldOutEvery is that of the referee's photos which try it, where the study tests on none.
const heldOutEvery = 5

// referee plans the classifier that says what generated images show; nil where the file asks
// for none. It learns from photos alone, the first of each defect that nothing is tested on and as
// many good ones as of all defects, so that it leans to neither; as they are and as the base's
// autoencoder gives them back, since every image that passed through that has its trace. All
// that judges a study is one: what it says can be compared.
func (b *builder) referee() (*Task, error) {
	const label = "referee"
	if task := b.byLabel[label]; task != nil || b.exp.Referee.Photos == 0 {
		return task, nil
	}
	k := b.exp.Classifier
	training := k.ClassifierTraining
	training.Keep, training.Sampling, training.RealShare, training.Folds, training.Recall = true, experiment.PlainSampling, 0, 0, 0
	spec := stage.Classify{
		Seed: stage.Seed(b.exp.Seeds[0], stage.KindClassify, label), Model: k.Model, Weights: b.weights(k.Weights),
		ClassifierTraining: training.Keyed(), Classes: b.exp.Dataset.Classes(), Tiles: b.views().side(), Rendering: b.rendering(),
	}
	var photos []dataset.Image // that it learns from
	for index, class := range spec.Classes {
		learnt, tried := b.refereesPhotos(class)
		if len(learnt) == 0 || len(tried) == 0 {
			return nil, b.exp.Fault("referee.photos", fmt.Errorf("the referee has %d photos of %s to learn and %d to be tried on: where nothing is tested on it needs two of each class, and referee.photos is %d", len(learnt), class, len(tried), b.exp.Referee.Photos))
		}
		lessons, err := inFolds(learnt, nil, index, b.trainingTiles)
		if err != nil {
			return nil, err
		}
		spec.Train = append(spec.Train, lessons...)
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
	if b.byLabel[label], err = b.add(label, spec, decoded); err == nil {
		b.plan.Trials = []Trial{{"", b.byLabel[label]}}
	}
	return b.byLabel[label], err
}

// try plans, once, what a classifier that is there says of the photos that are tested on.
func (b *builder) try() error {
	if len(b.plan.Trials) > 0 {
		return nil
	}
	for _, class := range b.exp.Dataset.Classes() {
		photos, err := b.pictures(b.in.Division.Test[class])
		if err != nil {
			return err
		}
		if len(photos) == 0 {
			continue
		}
		spec := stage.Judge{Classifier: stage.ByHash(b.in.Referee.SHA256), Label: b.called(class), Photos: photos, Rendering: b.rendering()}
		task, err := b.add("what the referee says of photos of "+class, spec)
		if err != nil {
			return err
		}
		b.plan.Trials = append(b.plan.Trials, Trial{class, task})
	}
	return nil
}

// called is what the referee calls a class: by its name, or good or defective.
func (b *builder) called(class string) string {
	switch {
	case b.in.Referee == nil || slices.Contains(b.in.Referee.Classes, class):
		return class
	case class == b.exp.Dataset.Good:
		return b.in.Referee.Classes[0]
	}
	return b.in.Referee.Classes[1]
}

// refereeLearns is how many photos of a class a referee that is trained is to learn: as many good
// ones as of all defects, if there are so many.
func refereeLearns(exp *experiment.Experiment, division *dataset.Division, class string) int {
	if class == exp.Dataset.Good {
		return min(exp.Referee.Photos*len(exp.Dataset.Defects), len(division.Train[class]))
	}
	return exp.Referee.Photos
}

// RefereeNote says what the referee is: one that is there, or how many photos train it; "" for
// none.
func RefereeNote(exp *experiment.Experiment, division *dataset.Division, given *model.Classifier) string {
	switch {
	case given != nil:
		return fmt.Sprintf("%s, tells %s", given.Path, english.WordSeries(given.Classes, "and"))
	case exp.Referee.Photos == 0:
		return ""
	}
	text := fmt.Sprintf("learns %d photos of each defect and %d good ones", exp.Referee.Photos, refereeLearns(exp, division, exp.Dataset.Good))
	if exp.Conditions == nil {
		return text + fmt.Sprintf(", but for every %dth, which tries it", heldOutEvery)
	}
	return text + ", none tested on"
}

// referees lists the referee and what it is made from; nothing without one.
func (p *Plan) referees() []*Task {
	if len(p.Trials) == 0 {
		return nil
	}
	return p.Trials[0].Task.behind()
}

// refereesPhotos are those of a class that the referee learns from, and those that it is tried on.
func (b *builder) refereesPhotos(class string) (learnt, tried []dataset.Image) {
	learnt, tried = b.in.Division.Train[class], b.in.Division.Test[class]
	learnt = learnt[:min(len(learnt), refereeLearns(b.exp, b.in.Division, class))]
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
	spec := stage.Judge{Label: b.called(class), Folder: images.file("images"), Count: images.Spec.Output().Images, Rendering: b.rendering()}
	needs := []*Task{images}
	if b.in.Referee != nil {
		if err := b.try(); err != nil {
			return nil, err
		}
		spec.Classifier = stage.ByHash(b.in.Referee.SHA256)
	} else {
		referee, err := b.referee()
		if referee == nil {
			return nil, err
		}
		spec.Classifier, needs = referee.file(""), append(needs, referee)
	}
	return b.add("what the referee says of "+images.Label, spec, needs...)
}
