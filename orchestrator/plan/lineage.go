package plan

import (
	"fmt"
	"slices"
	"strings"

	"kizu/orchestrator/dataset"
)

// Lineage is every image of the dataset that reached an artifact, directly or
// through the artifacts it was made from, with one way by which it came.
type Lineage map[string]string // image hash → "instance image of LoRA …"

// lineage follows a task's inputs back to images. A classifier's test images
// do not reach it, nor do those that it sees autoencoded.
func (p *Plan) lineage(task *Task) Lineage {
	reached := Lineage{}
	task.reads(func(ref Ref, as string) {
		if img, ok := p.Image(ref); ok && reached[img.SHA256] == "" {
			reached[img.SHA256] = as + " of " + task.Label
		}
	})
	for _, need := range task.MadeFrom() {
		for hash, way := range p.lineage(need) {
			if reached[hash] == "" {
				reached[hash] = way
			}
		}
	}
	return reached
}

// reads calls f with every image that a task makes its artifact from, but for
// other tasks' images, and with what the image is to it.
func (t *Task) reads(f func(ref Ref, as string)) {
	switch spec := t.Spec.(type) {
	case TrainLoRA:
		for _, ref := range spec.Instance.Images {
			f(ref, "instance image")
		}
		for _, ref := range spec.Class.Images {
			f(ref, "regularization image")
		}
	case Generate:
		for _, ref := range spec.Sources {
			f(ref, "img2img source")
		}
	case Autoencode:
		for _, ref := range slices.Concat(spec.Images, spec.Mirrored) {
			f(ref, "photo")
		}
	case Classify:
		for _, img := range spec.Train {
			f(img.Path, "training image")
		}
	}
}

// MadeFrom lists the tasks that an artifact is made from: all that it needs, but
// for what a trained classifier only looks at.
func (t *Task) MadeFrom() []*Task {
	spec, ok := t.Spec.(Classify)
	if !ok {
		return t.Needs
	}
	var list []*Task
	for _, folder := range spec.Generated {
		if need := t.need(folder.Path); need != nil && !slices.Contains(list, need) {
			list = append(list, need)
		}
	}
	return list
}

// photos calls f with every photo that a task reads, made into its artifact or
// only looked at.
func (t *Task) photos(f func(Ref)) {
	t.reads(func(ref Ref, _ string) { f(ref) })
	switch spec := t.Spec.(type) {
	case Classify:
		for _, img := range spec.Test {
			f(img.Path)
		}
	case Measure:
		for _, ref := range slices.Concat(spec.Calibration, spec.Images, spec.Mirrored) {
			f(ref)
		}
	}
}

// LeakError is a plan in which test images reach a classifier's training.
type LeakError struct {
	Classifier string
	Images     []dataset.Image
	Ways       []string // how each of Images came
}

func (e *LeakError) Error() string {
	const shown = 5
	var lines []string
	for i, img := range e.Images[:min(len(e.Images), shown)] {
		lines = append(lines, fmt.Sprintf("\n  %s (%s)", img.Name, e.Ways[i]))
	}
	if more := len(e.Images) - shown; more > 0 {
		lines = append(lines, fmt.Sprintf("\n  and %d more", more))
	}
	reach := "test images reach"
	if len(e.Images) == 1 {
		reach = "test image reaches"
	}
	return fmt.Sprintf("%d %s the training of %s:%s", len(e.Images), reach, e.Classifier, strings.Join(lines, ""))
}

// checkLeaks refuses a plan in which a test image reaches a classifier.
func (p *Plan) checkLeaks() error {
	tested, seen := map[Ref]bool{}, false
	for _, images := range p.Division.Test {
		for _, img := range images {
			tested[imageRef(img)] = true
			seen = seen || img.In(p.Base.Seen)
		}
	}
	reached := map[*Task]bool{} // by an image that is tested on
	for _, task := range p.Tasks {
		leaks := slices.ContainsFunc(task.MadeFrom(), func(need *Task) bool { return reached[need] })
		task.reads(func(ref Ref, _ string) { leaks = leaks || tested[ref] })
		reached[task] = leaks
		if spec, ok := task.Spec.(Classify); ok && (leaks || seen) {
			if leak := p.leak(task, spec.Test); leak != nil {
				return leak
			}
		}
	}
	return nil
}

// leak lists the test images that reach a classifier; nil if none does.
func (p *Plan) leak(classifier *Task, test []Labeled) error {
	reached := p.lineage(classifier)
	leak := &LeakError{Classifier: classifier.Label}
	for _, tested := range test {
		img, _ := p.Image(tested.Path)
		way := reached[img.SHA256]
		if way == "" && img.In(p.Base.Seen) {
			way = "training image of the base model " + p.Base.Name
		}
		if way != "" {
			leak.Images, leak.Ways = append(leak.Images, img), append(leak.Ways, way)
		}
	}
	if len(leak.Images) == 0 {
		return nil
	}
	return leak
}
