package plan

import (
	"fmt"
	"slices"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/stage"
)

// mostOfClass is how many pictures of each class a sheet shows at most: the first ones.
const mostOfClass = 12

// Sheets are what LoRAs and what classifiers see of photos, by the names of the networks: the
// first pictures of each class that a plan gives them, none picked.
func (p *Plan) Sheets() map[string]dataset.Sheet {
	loras, classifiers := p.newSheet(), p.newSheet()
	for _, task := range p.Tasks {
		switch spec := task.Spec.(type) {
		case stage.TrainLoRA:
			for _, ref := range slices.Concat(spec.Instance.Images, spec.Class.Images) {
				loras.add(ref, "", spec.Resolution, spec.Rendering)
			}
		case stage.Classify:
			trained := slices.Clone(spec.Train) // of a photo in tiles, those that show its defect first
			slices.SortStableFunc(trained, func(a, b stage.Labeled) int { return b.Class - a.Class })
			for _, item := range append(trained, spec.Test...) {
				classifiers.add(item.Path, spec.Classes[item.Class], spec.Resolution, spec.Rendering)
			}
		}
	}
	sheets := map[string]dataset.Sheet{}
	for name, s := range map[string]*sheet{"loras": loras, "classifiers": classifiers} {
		if done := s.done(); len(done.Pictures) > 0 {
			sheets[name] = done
		}
	}
	return sheets
}

// sheet gathers pictures, each once.
type sheet struct {
	plan *Plan
	dataset.Sheet
	seen    map[stage.Ref]bool
	byClass map[string][]dataset.SheetPicture
}

func (p *Plan) newSheet() *sheet {
	return &sheet{plan: p, seen: map[stage.Ref]bool{}, byClass: map[string][]dataset.SheetPicture{}}
}

// add adds a picture as a network of a resolution sees it. What it is learnt as is said where
// that is not the photo's class.
func (s *sheet) add(ref stage.Ref, as string, resolution int, rendering stage.Rendering) {
	img, ok := s.plan.Image(ref)
	if !ok || s.seen[ref] || s.Resolution != 0 && s.Resolution != resolution {
		return
	}
	s.seen[ref] = true
	s.Resolution, s.Levels, s.Fit = resolution, rendering.Levels, rendering.Fit
	_, fragment := ref.Whole()
	picture := dataset.SheetPicture{Path: img.Path + fragment, Label: img.Name, Masks: []string{}, Heading: img.Class}
	if fragment != "" {
		picture.Label += " " + fragment[len("#xywh="):]
	}
	if as != "" && as != img.Class {
		picture.Label = fmt.Sprintf("%s: %s", as, picture.Label)
	}
	if img.Marking != nil {
		for _, file := range img.Marking.Files {
			picture.Masks = append(picture.Masks, file.Path+fragment)
		}
	}
	s.byClass[img.Class] = append(s.byClass[img.Class], picture)
}

// done is the sheet, class by class.
func (s *sheet) done() dataset.Sheet {
	classes := s.plan.Experiment.Dataset.Classes()
	each := max(1, min(mostOfClass, dataset.MostOnSheet/len(classes)))
	for _, class := range classes {
		pictures := s.byClass[class]
		s.Pictures = append(s.Pictures, pictures[:min(each, len(pictures))]...)
	}
	s.Pictures = s.Pictures[:min(len(s.Pictures), dataset.MostOnSheet)]
	return s.Sheet
}
