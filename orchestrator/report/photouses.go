package report

import (
	"fmt"
	"strings"

	"kizu/orchestrator/experiment"
	"kizu/orchestrator/plan"
	"kizu/orchestrator/stage"
)

// classUsage says what the photos of one class are used for, each photo counted once in every role.
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

// lineageView leads from every cell to the tasks that it shows, and from every
// task to the tasks and photos that it was made from.
type lineageView struct {
	Cells []cellLineage
	Tasks []taskLineage
}

type cellLineage struct {
	Name  string
	Seed  int64
	State state
	Tasks []taskLink
}

type taskLink struct{ ID, Anchor string }

// taskLineage is one task.
type taskLineage struct {
	taskLink
	Label, Folder string // the folder is below the store's
	Seed          string
	Needs         []taskLink
	Photos        []photoUse
}

// photoUse is photos by what a task uses them for.
type photoUse struct {
	Use   string
	Count int
	Names string
}

func (r *Report) lineageView() lineageView {
	var view lineageView
	for _, c := range r.cells {
		row := cellLineage{Name: c.Name, Seed: c.Seed, State: c.state}
		for _, task := range append(c.Tasks(), c.Observing()...) {
			row.Tasks = append(row.Tasks, linkTo(task))
		}
		view.Cells = append(view.Cells, row)
	}
	for _, task := range r.plan.Tasks {
		t := taskLineage{taskLink: linkTo(task), Label: task.Label, Folder: "artifacts/" + task.Kind + "/" + task.Key}
		for _, need := range task.Needs {
			t.Needs = append(t.Needs, linkTo(need))
		}
		if task.Resume != nil {
			t.Needs = append(t.Needs, linkTo(task.Resume))
		}
		r.addUses(&t, task)
		view.Tasks = append(view.Tasks, t)
	}
	return view
}

// addUses lists a task's photos by their use, and its seed.
func (r *Report) addUses(t *taskLineage, task *plan.Task) {
	if spec, ok := task.Spec.(stage.Seeded); ok {
		t.Seed = fmt.Sprint(spec.RandomSeed())
	}
	for _, reading := range task.Spec.Reads() {
		var names []string
		for _, img := range r.plan.Photos(reading.Photos) {
			names = append(names, img.Name)
		}
		if len(names) > 0 {
			t.Photos = append(t.Photos, photoUse{reading.How, len(names), strings.Join(names, ", ")})
		}
	}
}

func linkTo(task *plan.Task) taskLink {
	return taskLink{task.ID, "task-" + strings.ReplaceAll(task.ID, ":", "-")}
}
