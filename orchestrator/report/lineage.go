package report

import (
	"fmt"
	"strings"

	"kizu/orchestrator/plan"
	"kizu/orchestrator/stage"
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
