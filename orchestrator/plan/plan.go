// Package plan turns the cells of an experiment into tasks with content keys:
// a graph in which cells share what they have in common. It decides which
// image plays which role, and refuses a plan in which a test image reaches a
// classifier's training. It is pure but for Compare, which looks at a store.
package plan

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"strings"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/experiment"
	"kizu/orchestrator/store"
)

// Plan is everything that an experiment asks for.
type Plan struct {
	Experiment *experiment.Experiment
	Cells      []Cell
	Tasks      []*Task // inputs before what needs them
	Division   *dataset.Division
	Set        *dataset.Set
	Base       *dataset.Base
	Encoder    *dataset.Encoder // nil if none but the classifiers' network measures images

	images map[string]dataset.Image // by hash: every image of the dataset
	paths  map[Ref]string           // of models and weights files

	journal []store.Entry // of the store that the plan was compared with, if something is to be run
}

// Cell is a cell of the experiment with its tasks.
type Cell struct {
	experiment.Cell
	Train    *Task // the LoRA of a pattern; nil for the baseline
	Generate *Task // the images of a pattern
	Classify *Task // the classifier of a condition

	// Features of a pattern's images, of the photos they are compared with, and of
	// these photos autoencoded: a control. A cell is done without them: they say
	// how good its images are.
	Measure, Photos, Autoencoded *Task
}

// Tasks lists the tasks whose artifacts the cell shows.
func (c Cell) Tasks() []*Task {
	var tasks []*Task
	for _, task := range []*Task{c.Train, c.Generate, c.Classify} {
		if task != nil {
			tasks = append(tasks, task)
		}
	}
	return tasks
}

// Task is one unit of work on one device.
type Task struct {
	ID      string // kind and the start of the key: unique in a plan
	Kind    string
	Key     string
	Label   string // for people
	Spec    Spec
	Needs   []*Task // must be committed first
	Resume  *Task   // a training with fewer steps that this one continues
	version int     // of the stage's code

	Reuse   bool         // the store has it; this and what follows is set by Compare
	Reason  string       // why it is reused or run
	Before  string       // key of the nearest artifact of the same cell; "" for none
	Changes []Difference // to that
}

// identity is what goes into a key.
type identity[S any] struct {
	Kind    string `json:"kind"`
	Version int    `json:"version"` // of the stage's code
	Spec    S      `json:"spec"`
}

// newTask computes the key of a spec.
func newTask(kind string, version int, label string, spec Spec, needs ...*Task) (*Task, error) {
	task := &Task{Kind: kind, Label: label, Spec: spec, Needs: needs, version: version}
	var err error
	if task.Key, err = hashOf(task.identity()); err != nil {
		return nil, err
	}
	task.ID = kind + ":" + task.Key[:10]
	return task, nil
}

// hashOf is the SHA-256 of what json.Marshal makes of a value. The text is not
// kept anywhere: those of a large plan would be most of the host's memory.
func hashOf(value any) (string, error) {
	sum := unterminated{sha256.New()}
	err := json.NewEncoder(sum).Encode(value)
	return hex.EncodeToString(sum.Sum(nil)), err
}

// unterminated leaves out the newline with which an encoder ends. Others are escaped.
type unterminated struct{ hash.Hash }

func (h unterminated) Write(text []byte) (int, error) {
	_, err := h.Hash.Write(bytes.TrimSuffix(text, []byte("\n")))
	return len(text), err
}

func (t *Task) identity() identity[Spec] { return identity[Spec]{t.Kind, t.version, t.Spec} }

// Identity writes what the key is the hash of. It is not kept: of a large plan
// it would be the most.
func (t *Task) Identity() json.RawMessage {
	text, _ := json.Marshal(t.identity()) // as it was when the key was made
	return text
}

// artifact refers to a committed task's folder, or a file in it.
func artifact(task *Task, file string) Ref {
	ref := byArtifact + task.Kind + "/" + task.Key
	if file != "" {
		ref += "/" + file
	}
	return Ref(ref)
}

// Image finds an image of the dataset by its reference.
func (p *Plan) Image(ref Ref) (dataset.Image, bool) {
	img, ok := p.images[strings.TrimPrefix(string(ref), byHash)]
	return img, ok
}

// Path turns a reference into what a stage opens: a path, or a name that the
// worker knows. artifactDir gives the folder of an artifact.
func (p *Plan) Path(ref Ref, artifactDir func(kind, key string) string) string {
	if img, ok := p.Image(ref); ok {
		return img.Path
	}
	if path, ok := p.paths[ref]; ok {
		return path
	}
	if rest, ok := strings.CutPrefix(string(ref), byArtifact); ok {
		parts := strings.SplitN(rest, "/", 3)
		path := artifactDir(parts[0], parts[1])
		if len(parts) == 3 {
			path += "/" + parts[2]
		}
		return path
	}
	// A model of the hub may have been downloaded since the plan was made.
	name := strings.TrimPrefix(string(ref), byName)
	if p.Base != nil && p.Base.OfTheHub() && name == p.Base.Name {
		return p.Base.Place()
	}
	if p.Encoder != nil && p.Encoder.OfTheHub() && name == p.Encoder.Name {
		return p.Encoder.Place()
	}
	return name
}

// Images lists the dataset's images that a task reads.
func (p *Plan) Images(task *Task) []dataset.Image {
	var images []dataset.Image
	task.photos(func(ref Ref) {
		if img, ok := p.Image(ref); ok {
			images = append(images, img)
		}
	})
	return images
}

// Loads names what a worker keeps in memory from one such task to the next.
func (t *Task) Loads() string {
	switch spec := t.Spec.(type) {
	case TrainLoRA:
		return string(spec.Base) + " " + spec.Precision
	case Generate:
		return string(spec.Base) + " " + spec.Precision
	case Autoencode:
		return string(spec.Base) + " " + spec.Precision
	}
	return ""
}

// With names what tasks have in common that a worker can compute together, each
// with its own result; "" for a task that is computed alone.
func (t *Task) With() string {
	switch spec := t.Spec.(type) {
	case TrainLoRA:
		return fmt.Sprint(t.Kind, spec.Base, spec.Precision, spec.Resolution, spec.TextEncoder, spec.GradientCheckpointing)
	case Generate:
		return fmt.Sprint(t.Kind, spec.Base, spec.Precision, spec.Resolution, spec.Strength, spec.Steps, spec.Guidance, spec.Sampler, spec.BatchSize, spec.Levels)
	}
	return ""
}

// Effort estimates a task's work, in images that pass through a network; it
// orders the schedule where nothing better is known.
func (t *Task) Effort() float64 {
	switch spec := t.Spec.(type) {
	case TrainLoRA:
		images := spec.BatchSize
		if len(spec.Class.Images) > 0 && spec.Regularization != Kohya {
			images *= 2
		}
		return float64(3 * spec.Steps * images) // forward and backward
	case Generate:
		return float64(2 * spec.Count * experiment.DenoisingSteps(spec.Steps, spec.Strength))
	case Classify:
		return float64(spec.OptimizerSteps() * spec.BatchSize)
	case Autoencode:
		return float64(2 * spec.Made()) // there and back
	case Measure:
		return float64(len(spec.Calibration) + spec.Measured())
	}
	return 1
}
