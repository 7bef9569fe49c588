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
// do not reach it.
func (p *Plan) lineage(task *Task) Lineage {
	reached := Lineage{}
	mark := func(ref Ref, way string) {
		if img, ok := p.Image(ref); ok && reached[img.SHA256] == "" {
			reached[img.SHA256] = way
		}
	}
	switch spec := task.Spec.(type) {
	case TrainLoRA:
		for _, ref := range spec.Instance.Images {
			mark(ref, "instance image of "+task.Label)
		}
		for _, ref := range spec.Class.Images {
			mark(ref, "regularization image of "+task.Label)
		}
	case Generate:
		for _, img := range spec.Images {
			mark(img.Source, "img2img source of "+task.Label)
		}
	case Classify:
		for _, img := range spec.Train {
			mark(img.Path, "training image of "+task.Label)
		}
	}
	for _, need := range task.Needs {
		for hash, way := range p.lineage(need) {
			if reached[hash] == "" {
				reached[hash] = way
			}
		}
	}
	return reached
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
	for _, task := range p.Tasks {
		spec, ok := task.Spec.(Classify)
		if !ok {
			continue
		}
		reached := p.lineage(task)
		leak := &LeakError{Classifier: task.Label}
		for _, test := range spec.Test {
			img, _ := p.Image(test.Path)
			way := reached[img.SHA256]
			if way == "" && p.Base.Seen[img.SHA256] {
				way = "training image of the base model " + p.Base.Name
			}
			if way != "" {
				leak.Images, leak.Ways = append(leak.Images, img), append(leak.Ways, way)
			}
		}
		if len(leak.Images) > 0 {
			return leak
		}
	}
	return nil
}

// Used lists every image that the given tasks read, each once.
func (p *Plan) Used(tasks []*Task) []dataset.Image {
	seen := map[string]bool{}
	var images []dataset.Image
	for _, task := range tasks {
		for _, img := range p.Images(task) {
			if !seen[img.SHA256] {
				seen[img.SHA256] = true
				images = append(images, img)
			}
		}
	}
	return slices.Clip(images)
}
