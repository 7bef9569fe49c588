package report

import (
	"kizu/orchestrator/experiment"
	"kizu/orchestrator/plan"
	"kizu/orchestrator/stage"
)

// classUsage says what the photos of one class are used for, each photo
// counted once in every role.
type classUsage struct {
	Class      string
	Found      int // usable photos
	Duplicates int // further files with the same content, left out
	Tested     int
	Kept       int // may not be tested on: the base model was trained on them

	Instance, Regular, Source int // of study 1: LoRA, regularization, start of images
	StudyLoRA, Classifier     int // of study 2: any use by LoRAs; classifiers' own real photos
	Borrowed                  int // instance images of study 1 that are tested on
}

// usage counts roles for every class.
func (r *Report) usage() []classUsage {
	p := r.plan
	photos := p.Roles()
	var list []classUsage
	for _, class := range p.Experiment.Dataset.Classes() {
		of := classUsage{Class: class, Tested: len(p.Division.Test[class]), Kept: p.Division.Kept[class]}
		for _, photo := range photos {
			switch {
			case photo.Class != class:
			case photo.CopyOf != "":
				of.Duplicates++
			default:
				of.add(photo)
			}
		}
		list = append(list, of)
	}
	return list
}

// add counts a photo.
func (u *classUsage) add(photo plan.PhotoRoles) {
	u.Found++
	learnt, tested, instance := false, false, false
	for _, use := range photo.Roles {
		switch first := use.Study == experiment.Generation; {
		case first && use.Role == stage.Instance:
			u.Instance++
			instance = true
		case first && use.Role == stage.Regularization:
			u.Regular++
		case first && use.Role == stage.Source:
			u.Source++
		case !first && use.Role == stage.Training:
			u.Classifier++
		case use.Role == stage.Test:
			tested = true
		case !first && use.Role.Shapes() && use.Role != stage.Control:
			learnt = true
		}
	}
	if learnt {
		u.StudyLoRA++
	}
	if tested && instance {
		u.Borrowed++
	}
}

// borrowed counts study 1's defect photos that study 2 tests on.
func borrowed(usage []classUsage) (n int) {
	for _, class := range usage {
		n += class.Borrowed
	}
	return n
}
