package plan

import (
	"fmt"
	"path/filepath"
	"slices"

	"kizu/orchestrator/filehash"
	"kizu/orchestrator/model"
	"kizu/orchestrator/stage"
)

// Changed makes sure that what a task reads from outside the store is still
// what its key says: photos, the base model, weights. A file that was changed
// while the run went must not end up under the key of what it was before.
func (p *Plan) Changed(task *Task, hashes *filehash.Hashes) error {
	for _, img := range p.Images(task) {
		sum, err := hashes.File(img.Path)
		if err != nil {
			return fmt.Errorf("image %s went away while the run was going: %w", img.Name, err)
		}
		if sum != img.SHA256 {
			return fmt.Errorf("image %s was changed while the run was going: run again, and what it changes is planned anew", img.Name)
		}
	}
	var changed error
	task.Spec.Resolve(func(ref stage.Ref) stage.Ref {
		if sum, _ := ref.Hash(); changed == nil && p.masks[sum].path != "" {
			changed = p.changedMask(sum, hashes)
		}
		if path, ok := p.paths[ref]; ok && changed == nil {
			changed = p.changedFile(ref, path, hashes)
		}
		return ref
	})
	return changed
}

// changedMask looks at a file of a mask.
func (p *Plan) changedMask(hash string, hashes *filehash.Hashes) error {
	m := p.masks[hash]
	sum, err := hashes.File(m.path)
	if err != nil {
		return fmt.Errorf("a mask of image %s went away while the run was going: %w", m.photo.Name, err)
	}
	if sum != hash {
		return fmt.Errorf("mask %s was changed while the run was going: run again, and what it changes is planned anew", m.path)
	}
	return nil
}

// changedFile looks at a model's folder or a file of weights.
func (p *Plan) changedFile(ref stage.Ref, path string, hashes *filehash.Hashes) error {
	hash := (*filehash.Hashes).File
	if slices.Contains(p.folders, path) {
		hash = model.Hash
	}
	sum, err := hash(hashes, path)
	if err != nil {
		return err
	}
	if planned, _ := ref.Hash(); sum != planned {
		return fmt.Errorf("%s was changed while the run was going: run again, and what it changes is planned anew", filepath.Base(path))
	}
	return nil
}
