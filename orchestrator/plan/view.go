package plan

import "slices"

// View is a plan as `kizu plan --json` prints it.
type View struct {
	Experiment string       `json:"experiment"`
	Changes    []string     `json:"changes"` // of the file, by --set
	Photos     []PhotosView `json:"photos"`
	Range      []string     `json:"range,omitempty"` // of 16-bit photos, and what becomes of it
	Cells      []CellView   `json:"cells"`
	Tasks      []TaskView   `json:"tasks"`
}

// CellView is one cell of a View.
type CellView struct {
	Study string   `json:"study"`
	Name  string   `json:"name"`
	Seed  int64    `json:"seed"`
	Tasks []string `json:"tasks"` // ids

	Pattern   *LoRAView      `json:"pattern,omitempty"`   // of study 1
	Condition *ConditionView `json:"condition,omitempty"` // of study 2
}

// TaskView is one task of a View.
type TaskView struct {
	ID     string   `json:"id"`
	Kind   string   `json:"kind"`
	Key    string   `json:"key"`
	Label  string   `json:"label"`
	State  string   `json:"state"` // run or reuse
	Reason string   `json:"reason"`
	Needs  []string `json:"needs"` // ids

	Changes []Difference `json:"changes,omitempty"` // to the nearest artifact of the same cell
}

// View describes a plan that was compared with a store.
func (p *Plan) View() View { return p.ViewOf(p.Cells) }

// FirstSeed lists the cells of the first seed.
func (p *Plan) FirstSeed() []Cell {
	return slices.DeleteFunc(slices.Clone(p.Cells), func(c Cell) bool { return c.Seed != p.Cells[0].Seed })
}

// ViewOf is View with some of the cells only.
func (p *Plan) ViewOf(cells []Cell) View {
	view := View{
		Experiment: p.Experiment.Name, Changes: append([]string{}, p.Experiment.Changes...),
		Photos: p.photos(), Cells: []CellView{}, Tasks: make([]TaskView, 0, len(p.Tasks)),
	}
	view.Range, _ = p.Set.RangeNotes()
	for _, cell := range cells {
		view.Cells = append(view.Cells, p.cellView(cell))
	}
	for _, task := range p.Tasks {
		view.Tasks = append(view.Tasks, task.view())
	}
	return view
}

func (t *Task) view() TaskView {
	state := "run"
	if t.Reuse {
		state = "reuse"
	}
	return TaskView{t.ID, t.Kind, t.Key, t.Label, state, t.Reason, ids(t.Needs), t.Changes}
}

func ids(tasks []*Task) []string {
	list := []string{}
	for _, task := range tasks {
		list = append(list, task.ID)
	}
	return list
}
