package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/filehash"
	"kizu/orchestrator/model"
	"kizu/orchestrator/stage"
	"kizu/orchestrator/store"
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

// PhotoList is the photos that the plan was made from, and which of them are tested on.
func (p *Plan) PhotoList() []store.Photo {
	tested := p.Division.TestedHashes()
	list := make([]store.Photo, len(p.Set.Images))
	for i, img := range p.Set.Images {
		list[i] = store.Photo{Name: img.Name, SHA256: img.SHA256, Tested: tested[img.SHA256]}
	}
	return list
}

// PhotosSince says in a line which photos came, went or changed since a run, and what
// that did to those that are tested on; "" if none did, or if nothing is known of the
// run's photos. A photo that only has another name is the same.
func (p *Plan) PhotosSince(run store.Needs) string {
	if len(run.Photos) == 0 {
		return ""
	}
	now := p.PhotoList()
	was, is := byHash(run.Photos), byHash(now)
	left := map[string]bool{} // names whose photo is not there any more
	for _, photo := range run.Photos {
		if _, still := is[photo.SHA256]; !still {
			left[photo.Name] = true
		}
	}
	var came, went, changed []string
	added, dropped := 0, 0 // of those that are tested on
	for _, photo := range now {
		before, known := was[photo.SHA256]
		switch {
		case !known && left[photo.Name]:
			changed = append(changed, photo.Name)
			delete(left, photo.Name)
		case !known:
			came = append(came, photo.Name)
		}
		if photo.Tested && !before.Tested {
			added++
		}
	}
	for _, photo := range run.Photos {
		if left[photo.Name] {
			went = append(went, photo.Name)
		}
		if photo.Tested && !is[photo.SHA256].Tested {
			dropped++
		}
	}
	return sinceText(run, came, went, changed, added, dropped)
}

func byHash(photos []store.Photo) map[string]store.Photo {
	found := make(map[string]store.Photo, len(photos))
	for _, photo := range photos {
		found[photo.SHA256] = photo
	}
	return found
}

func sinceText(run store.Needs, came, went, changed []string, added, dropped int) string {
	const shown = 3
	var counts, names, tests []string
	for _, part := range []struct {
		names []string
		verb  string
	}{{came, "came"}, {went, "went"}, {changed, "changed"}} {
		if n := len(part.names); n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, part.verb))
			names = append(names, part.names...)
		}
	}
	if len(names) == 0 {
		return ""
	}
	if len(names) > shown {
		names = append(names[:shown], "…")
	}
	if added > 0 {
		tests = append(tests, fmt.Sprintf("%d test %s new", added, english.PluralWord(added, "photo is", "photos are")))
	}
	if dropped > 0 {
		tests = append(tests, fmt.Sprintf("%d %s tested on any more", dropped, english.PluralWord(dropped, "is not", "are not")))
	}
	text := fmt.Sprintf("photos: %s since the run of %s (%s)", strings.Join(counts, ", "), run.Time.Local().Format("2006-01-02"), strings.Join(names, ", "))
	return strings.Join(append([]string{text}, tests...), "; ")
}

// Digest is equal for plans of the same tasks: a worker makes sure by it that it
// does what it was submitted for.
func (p *Plan) Digest() string {
	hash := sha256.New()
	for _, task := range p.Tasks {
		fmt.Fprintln(hash, task.Kind, task.Key)
	}
	return hex.EncodeToString(hash.Sum(nil)[:16])
}

// Width is how many of the tasks that are to be run can be at work at once, as far as that is known
// beforehand: the most that are equally many steps away from what the store has.
func (p *Plan) Width() int {
	depths, counts, width := map[*Task]int{}, map[int]int{}, 0
	for _, task := range p.ToRun() {
		for _, need := range task.Needs {
			if !need.Reuse {
				depths[task] = max(depths[task], depths[need]+1)
			}
		}
		counts[depths[task]]++
		width = max(width, counts[depths[task]])
	}
	return width
}
