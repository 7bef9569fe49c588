package report

import (
	"fmt"
	"slices"
	"strings"

	"kizu/orchestrator/plan"
)

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
		for _, task := range append(c.Tasks(), some(c.Measure, c.Photos, c.Autoencoded)...) {
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
	switch spec := task.Spec.(type) {
	case plan.TrainLoRA:
		t.Seed = fmt.Sprint(spec.Seed)
		t.use(r, "learnt as “"+spec.Instance.Prompt+"”", spec.Instance.Images)
		t.use(r, "learnt as “"+spec.Class.Prompt+"”", spec.Class.Images)
	case plan.Generate:
		t.use(r, fmt.Sprintf("%s of “%s” start from", plural(spec.Count, "image"), spec.Prompt), spec.Sources)
	case plan.Autoencode:
		t.use(r, "autoencoded", spec.Images)
		t.use(r, "mirrored and autoencoded", spec.Mirrored)
	case plan.Classify:
		t.Seed = fmt.Sprint(spec.Seed)
		t.use(r, "trained on", pathsOf(spec.Train))
		t.use(r, "tested on", pathsOf(spec.Test))
	case plan.Measure:
		t.use(r, "calibrated on", spec.Calibration)
		t.use(r, "measured", spec.Images)
		t.use(r, "mirrored and measured", spec.Mirrored)
	}
}

// use adds the photos among some images; generated ones are what the task needs.
func (t *taskLineage) use(r *Report, use string, images []plan.Ref) {
	var names []string
	for _, img := range r.photos(images) {
		names = append(names, img.Name)
	}
	if len(names) > 0 {
		t.Photos = append(t.Photos, photoUse{use, len(names), strings.Join(names, ", ")})
	}
}

func pathsOf(images []plan.Labeled) []plan.Ref {
	var refs []plan.Ref
	for _, img := range images {
		refs = append(refs, img.Path)
	}
	return refs
}

func linkTo(task *plan.Task) taskLink {
	return taskLink{task.ID, "task-" + strings.ReplaceAll(task.ID, ":", "-")}
}

// some leaves out the tasks that are not there.
func some(tasks ...*plan.Task) []*plan.Task {
	return slices.DeleteFunc(tasks, func(task *plan.Task) bool { return task == nil })
}
