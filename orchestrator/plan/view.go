package plan

// View is a plan as `kizu plan --json` prints it.
type View struct {
	Experiment string       `json:"experiment"`
	Changes    []string     `json:"changes"` // of the file, by --set
	Photos     []PhotosView `json:"photos"`
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
}

// View describes a plan that was compared with a store.
func (p *Plan) View() View {
	view := View{
		Experiment: p.Experiment.Name, Changes: append([]string{}, p.Experiment.Changes...),
		Photos: p.photos(), Cells: []CellView{}, Tasks: []TaskView{},
	}
	for _, cell := range p.Cells {
		view.Cells = append(view.Cells, p.cellView(cell))
	}
	for _, task := range p.Tasks {
		state := "run"
		if task.Reuse {
			state = "reuse"
		}
		view.Tasks = append(view.Tasks, TaskView{
			task.ID, task.Kind, task.Key, task.Label, state, task.Reason, ids(task.Needs),
		})
	}
	return view
}

func ids(tasks []*Task) []string {
	list := []string{}
	for _, task := range tasks {
		list = append(list, task.ID)
	}
	return list
}
