package plan

import (
	"iter"
	"slices"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/stage"
)

// PhotosAs lists the photos that a task reads in a role, in the order in which it reads them.
func (t *Task) PhotosAs(role stage.Role) (refs []stage.Ref) {
	for _, reading := range t.Spec.Reads() {
		if reading.Role == role {
			refs = slices.AppendSeq(refs, reading.Photos)
		}
	}
	return refs
}

// photos yields every photo that a task reads, whatever for.
func (t *Task) photos(yield func(stage.Ref) bool) {
	for _, reading := range t.Spec.Reads() {
		for ref := range reading.Photos {
			if !yield(ref) {
				return
			}
		}
	}
}

// shapedBy calls f with every photo that shapes a task's artifact and with what the photo is to it.
func (t *Task) shapedBy(f func(ref stage.Ref, as stage.Role)) {
	for _, reading := range t.Spec.Reads() {
		if reading.Role.Shapes() {
			for ref := range reading.Photos {
				f(ref, reading.Role)
			}
		}
	}
}

// Need is the task that a reference to an artifact, or to part of one, is about; nil if
// it is about none that the task needs.
func (t *Task) Need(ref stage.Ref) *Task {
	kind, key, _, _ := ref.Artifact()
	for _, need := range t.Needs {
		if need.Kind == kind && need.Key == key {
			return need
		}
	}
	return nil
}

// LoRA is the training of the LoRA that a task makes images with; nil for none.
func (t *Task) LoRA() *Task {
	first := t.Candidates()[0]
	if spec, ok := first.Spec.(stage.Generate); ok {
		return first.Need(spec.LoRA)
	}
	return nil
}

// Images lists the dataset's images that a task reads, whatever for.
func (p *Plan) Images(task *Task) []dataset.Image { return p.Photos(task.photos) }

// ImagesAs lists the dataset's images that a task reads in a role.
func (p *Plan) ImagesAs(task *Task, role stage.Role) []dataset.Image {
	return p.Photos(slices.Values(task.PhotosAs(role)))
}

// Photos lists the dataset's images that references name or name regions of, each once.
func (p *Plan) Photos(refs iter.Seq[stage.Ref]) []dataset.Image {
	var images []dataset.Image
	seen := map[string]bool{}
	for ref := range refs {
		if img, ok := p.Image(ref); ok && !seen[img.SHA256] {
			seen[img.SHA256] = true
			images = append(images, img)
		}
	}
	return images
}
