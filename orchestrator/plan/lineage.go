package plan

import (
	"fmt"
	"slices"
	"strings"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/stage"
)

// Lineage is every image of the dataset that reached an artifact, directly or
// through the artifacts it was made from, with one way by which it came.
type Lineage map[string]string // image hash → "instance image of LoRA …"

// lineage follows a task's inputs back to images. A classifier's test images
// do not reach it, nor do those that it sees autoencoded.
func (p *Plan) lineage(task *Task) Lineage {
	reached := Lineage{}
	task.reads(func(ref stage.Ref, as stage.Role) {
		if img, ok := p.Image(ref); ok && reached[img.SHA256] == "" {
			reached[img.SHA256] = string(as) + " of " + task.Label
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

// reads calls f with every photo that shapes a task's artifact and with what
// the photo is to it.
func (t *Task) reads(f func(ref stage.Ref, as stage.Role)) {
	for _, reading := range t.Spec.Reads() {
		if reading.Role.Shapes() {
			for ref := range reading.Photos {
				f(ref, reading.Role)
			}
		}
	}
}

// photos calls f with every photo that a task reads, whatever for.
func (t *Task) photos(f func(stage.Ref)) {
	for _, reading := range t.Spec.Reads() {
		reading.Photos(func(ref stage.Ref) bool {
			f(ref)
			return true
		})
	}
}

// MadeFrom lists the tasks that an artifact is made from: all that it needs, but
// for those that its stage only looks at.
func (t *Task) MadeFrom() []*Task {
	observer, ok := t.Spec.(stage.Observer)
	if !ok {
		return t.Needs
	}
	var list []*Task
	for _, ref := range observer.MadeFrom() {
		if need := t.need(ref); need != nil && !slices.Contains(list, need) {
			list = append(list, need)
		}
	}
	return list
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
	tested, seen := map[stage.Ref]bool{}, false
	for _, images := range p.Division.Test {
		for _, img := range images {
			tested[stage.ByHash(img.SHA256)] = true
			seen = seen || img.In(p.Base.Seen)
		}
	}
	reached := map[*Task]bool{} // by an image that is tested on
	for _, task := range p.Tasks {
		leaks := slices.ContainsFunc(task.MadeFrom(), func(need *Task) bool { return reached[need] })
		task.reads(func(ref stage.Ref, _ stage.Role) { leaks = leaks || tested[ref] })
		reached[task] = leaks
		if spec, ok := task.Spec.(stage.Classify); ok && (leaks || seen) {
			if leak := p.leak(task, spec.Test); leak != nil {
				return leak
			}
		}
	}
	return nil
}

// leak lists the test images that reach a classifier; nil if none does.
func (p *Plan) leak(classifier *Task, test []stage.Labeled) error {
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
