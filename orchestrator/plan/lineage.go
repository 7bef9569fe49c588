package plan

import (
	"fmt"
	"slices"
	"strings"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/stage"
)

// lineage is every image of the dataset that reached an artifact, directly or
// through the artifacts it was made from, with one way by which it came.
type lineage map[string]string // image hash → "instance image of LoRA …"

// lineage follows a task's inputs back to images. A classifier's test images
// do not reach it, nor do those that it sees autoencoded.
func (p *Plan) lineage(task *Task) lineage {
	reached := lineage{}
	task.shapedBy(func(ref stage.Ref, as stage.Role) {
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

// MadeFrom lists the tasks that an artifact is made from: all that it needs, but
// for those that its stage only looks at.
func (t *Task) MadeFrom() []*Task {
	observer, ok := t.Spec.(stage.Observer)
	if !ok {
		return t.Needs
	}
	var list []*Task
	for _, ref := range observer.MadeFrom() {
		if need := t.Need(ref); need != nil && !slices.Contains(list, need) {
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

// checkLeaks refuses a plan in which a test image, or another of its part, reaches a classifier.
func (p *Plan) checkLeaks() error {
	tested := p.ofTestedParts()
	seen := slices.ContainsFunc(p.Set.Images, func(img dataset.Image) bool { return tested[img.SHA256] && img.In(p.Base.Seen) })
	reached := map[*Task]bool{} // by an image of a part that is tested on
	for _, task := range p.Tasks {
		leaks := slices.ContainsFunc(task.MadeFrom(), func(need *Task) bool { return reached[need] })
		task.shapedBy(func(ref stage.Ref, _ stage.Role) {
			sum, _ := ref.Hash()
			leaks = leaks || tested[sum]
		})
		reached[task] = leaks
		if test := task.PhotosAs(stage.Test); len(test) > 0 && (leaks || seen) {
			if leak := p.leak(task, test); leak != nil {
				return leak
			}
		}
	}
	return nil
}

// leak lists the test images that reach a classifier, or of whose part another image
// does; nil if there are none.
func (p *Plan) leak(classifier *Task, test []stage.Ref) error {
	ways, byPart := p.ways(classifier)
	leak := &LeakError{Classifier: classifier.Label}
	for _, img := range p.Photos(slices.Values(test)) {
		way := ways[img.SHA256]
		if other, ok := byPart[img.PartOf()]; way == "" && ok {
			way = fmt.Sprintf("its part %s is also in %s, %s", img.Part, other.Name, ways[other.SHA256])
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

// ways is how images reach a task, those that the base model knows among them, and of
// every part that reaches it the first image.
func (p *Plan) ways(task *Task) (ways lineage, byPart map[string]dataset.Image) {
	ways, byPart = p.lineage(task), map[string]dataset.Image{}
	for _, img := range p.Set.Images {
		if ways[img.SHA256] == "" && img.In(p.Base.Seen) {
			ways[img.SHA256] = "training image of the base model " + p.Base.Name
		}
		if _, known := byPart[img.PartOf()]; !known && ways[img.SHA256] != "" {
			byPart[img.PartOf()] = img
		}
	}
	return ways, byPart
}

// PartOf is which part a photo of the dataset shows, by its name; nil where parts are not told.
func (p *Plan) PartOf() func(name string) string {
	if !p.Set.Parted {
		return nil
	}
	parts := map[string]string{}
	for _, img := range p.Set.Images {
		parts[img.Name] = img.Part
	}
	return func(name string) string { return parts[name] }
}

// TestedParts is the number of parts that test photos show; 0 where parts are not told.
func (p *Plan) TestedParts() int {
	if !p.Set.Parted {
		return 0
	}
	return len(p.testedParts())
}

// ofTestedParts are the photos of parts that test photos show, and the masks of such, by hash.
func (p *Plan) ofTestedParts() map[string]bool {
	parts, hashes := p.testedParts(), map[string]bool{}
	for sum, img := range p.images {
		hashes[sum] = parts[img.PartOf()]
	}
	for sum, mask := range p.masks {
		hashes[sum] = parts[mask.photo.PartOf()]
	}
	return hashes
}

// testedParts are the parts that test photos show.
func (p *Plan) testedParts() map[string]bool {
	parts := map[string]bool{}
	for img := range p.Division.Tested() {
		parts[img.PartOf()] = true
	}
	return parts
}
