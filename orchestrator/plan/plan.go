// Package plan turns the cells of an experiment into tasks with content keys: a graph in which
// cells share what they have in common. It decides which image plays which role, and refuses a plan
// in which a test image reaches a classifier's training. Build is pure. Load and Check look at the
// machine's files before it, and Compare and the forecasts at a store after it.
package plan

import (
	"cmp"
	"encoding/json"
	"slices"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/experiment"
	"kizu/orchestrator/model"
	"kizu/orchestrator/stage"
	"kizu/orchestrator/store"
)

// Plan is everything that an experiment asks for.
type Plan struct {
	Experiment *experiment.Experiment
	Cells      []Cell
	Tasks      []*Task // each stands behind those that it needs
	Division   *dataset.Division
	Set        *dataset.Set
	Base       *model.Base
	Encoder    *model.Encoder   // measures images; nil if the classifiers' network does
	Encoders   []*model.Encoder // that one, and those that classifiers start from

	referee *model.Classifier // that the file names; nil for another, or none
	Trials  []Trial           // of the referee, on photos that it did not learn; none without one

	images map[string]dataset.Image // every image of the dataset, by its hash
	masks  map[string]maskOf        // every mask of its images, likewise
	paths  map[stage.Ref]string     // where models and files of weights are
	// Those of them that are models, in folders or checkpoints, and no single file of weights.
	folders []string

	similar func() []dataset.Pair // test photos and what they look like; found once

	// journal is that of the store which the plan was compared with; it is read only
	// if something is to be run.
	journal []store.Entry
}

// Trial is a task that tells what the referee says of photos of a class, or of all classes: "".
type Trial struct {
	Class string
	Task  *Task
}

// Cell is a cell of the experiment with its tasks.
type Cell struct {
	experiment.Cell
	Train    *Task // the LoRA of a pattern; nil for the baseline
	Generate *Task // the images of a pattern
	Classify *Task // the classifier of a condition
	Detect   *Task // or its detector

	// Features of a pattern's images, of the photos they are compared with, and of
	// these photos autoencoded: a control, where there is a base model. A report shows a cell without them, and says
	// so: they say how good its images are.
	Measure, Photos, Autoencoded *Task

	// What a referee says of the images: of a pattern's, or of those of each class that a
	// condition has generated images of, in the classifier's order.
	Judged []*Task

	Noun *Noun // what else a pattern's LoRA is asked for, where there is a referee
}

// Noun is what a pattern's LoRA makes of the noun alone, from the same photos and noise as with
// the identifier: what regularization images are to keep as it was.
type Noun struct {
	Generate, Measure, Judged *Task
}

// Observed lists the features of the cell's images and of what they are compared with.
func (c Cell) Observed() []*Task { return some(c.Measure, c.Photos, c.Autoencoded) }

// Observing lists the tasks that say how good the cell's images are.
func (c Cell) Observing() []*Task {
	tasks := append(c.Observed(), c.Judged...)
	if c.Noun != nil {
		tasks = append(tasks, c.Noun.Generate, c.Noun.Measure, c.Noun.Judged)
	}
	return tasks
}

// Tasks lists the tasks whose artifacts the cell shows.
func (c Cell) Tasks() []*Task { return some(c.Train, c.Generate, c.Classify, c.Detect) }

// Tested is what a condition tests: its classifier or its detector.
func (c Cell) Tested() *Task { return cmp.Or(c.Classify, c.Detect) }

// Done says whether the store that the plan was compared with has all of the cell: what it
// shows, and what says how good its images are.
func (c Cell) Done() bool {
	return !slices.ContainsFunc(append(c.Tasks(), c.Observing()...), func(task *Task) bool { return !task.Reuse })
}

// Task is one unit of work on one device.
type Task struct {
	ID      string // the kind and the start of the key, which is unique in a plan
	Kind    string
	Key     string
	Label   string // says to people what the task is
	Spec    stage.Spec
	Needs   []*Task // those that must be committed first
	Resume  *Task   // the training with fewer steps that this one continues; nil for none
	version int     // the version of the stage's code

	// Compare sets the rest.

	Reuse   bool         // whether the store has the artifact
	Reason  string       // says why the task is reused or run
	Before  string       // the key of the nearest artifact of the same cell; "" for none
	Changes []Difference // what differs from that artifact
}

// newTask computes the key of a spec.
func newTask(version int, label string, spec stage.Spec, needs ...*Task) (*Task, error) {
	task := &Task{Kind: spec.Kind(), Label: label, Spec: spec, Needs: needs, version: version}
	var err error
	if task.Key, err = stage.Key(spec, version); err != nil {
		return nil, err
	}
	task.ID = task.Kind + ":" + task.Key[:10]
	return task, nil
}

// Identity writes what the key is the hash of.
func (t *Task) Identity() json.RawMessage { return stage.Identity(t.Spec, t.version) }

// file refers to a file of the task's artifact, or with "" to its folder.
func (t *Task) file(name string) stage.Ref { return stage.Artifact(t.Kind, t.Key, name) }

// Image finds an image of the dataset by its reference, or by that of a region or a mask of it.
func (p *Plan) Image(ref stage.Ref) (dataset.Image, bool) {
	sum, _ := ref.Hash()
	if m, ok := p.masks[sum]; ok {
		return m.photo, true
	}
	img, ok := p.images[sum]
	return img, ok
}

// Path turns a reference into what a stage opens: a path, or a name that the
// worker knows; a region of a photo or mask, to its path with the region. artifactDir gives the folder of an artifact.
func (p *Plan) Path(ref stage.Ref, artifactDir func(kind, key string) string) string {
	if img, ok := p.Image(ref); ok {
		sum, _ := ref.Hash()
		_, fragment := ref.Whole()
		if m, ok := p.masks[sum]; ok {
			return m.path + fragment
		}
		return img.Path + fragment
	}
	if path, ok := p.paths[ref]; ok {
		return path
	}
	if kind, key, file, ok := ref.Artifact(); ok {
		path := artifactDir(kind, key)
		if file != "" {
			path += "/" + file
		}
		return path
	}
	// A model of the hub may have been downloaded since the plan was made.
	name := ref.Name()
	if p.Base != nil && p.Base.OfTheHub() && name == p.Base.Name {
		return p.Base.Place()
	}
	for _, encoder := range p.Encoders {
		if encoder.OfTheHub() && name == encoder.Name {
			return encoder.Place()
		}
	}
	return name
}

// OpensBase says whether a task opens the base model.
func (p *Plan) OpensBase(task *Task) bool {
	return task.Spec.Opens() == modelRef(p.Base.Name, p.Base.SHA256)
}
