package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Why is everything there is to say about why a task is run or reused: what changed, what it is
// made from down to photos, and what is made from it up to the tables.
type Why struct {
	Task   TaskView    `json:"task"`
	Before string      `json:"before"` // key of the artifact that changes are counted from; "" for none
	Needs  []TaskView  `json:"needs"`  // all tasks that it is made from, the nearest last
	Images []ImageRole `json:"images"`
	UsedBy []TaskView  `json:"used_by"` // all tasks that are made from it
	Cells  []CellView  `json:"cells"`   // rows of tables that show it or what is made from it
}

// ImageRole is a way in which photos reached a task.
type ImageRole struct {
	Way   string   `json:"way"`
	Names []string `json:"names"`
}

// Find returns the task that a text names: by its id or label, or by enough of them.
func (p *Plan) Find(text string) (*Task, error) {
	var found []*Task
	for _, task := range p.Tasks {
		if task.ID == text || task.Label == text || task.Key == text {
			return task, nil
		}
		if strings.HasPrefix(task.ID, text) || strings.HasPrefix(task.Key, text) || strings.Contains(task.Label, text) {
			found = append(found, task)
		}
	}
	switch len(found) {
	case 0:
		return nil, fmt.Errorf("no task is called %q; kizu plan lists them", text)
	case 1:
		return found[0], nil
	}
	var lines []string
	for _, task := range found {
		lines = append(lines, "\n  "+task.ID+"  "+task.Label)
	}
	return nil, fmt.Errorf("%d tasks are called %q; give one of:%s", len(found), text, strings.Join(lines, ""))
}

// Why explains a task of a plan that was compared with a store.
func (p *Plan) Why(task *Task) Why {
	why := Why{
		Task: task.view(), Before: task.Before,
		Needs: []TaskView{}, Images: []ImageRole{}, UsedBy: []TaskView{}, Cells: []CellView{},
	}
	above, below := map[*Task]bool{}, map[*Task]bool{task: true}
	task.Mark(above)
	for _, other := range p.Tasks { // inputs come first
		if other != task && above[other] {
			why.Needs = append(why.Needs, other.view())
		}
		if slices.ContainsFunc(other.Needs, func(need *Task) bool { return below[need] }) {
			below[other] = true
			why.UsedBy = append(why.UsedBy, other.view())
		}
	}
	for _, cell := range p.Cells {
		if slices.ContainsFunc(cell.Tasks(), func(t *Task) bool { return below[t] }) {
			why.Cells = append(why.Cells, p.cellView(cell))
		}
	}
	why.Images = p.imageRoles(task)
	return why
}

// Mark marks a task and all that it is made from.
func (t *Task) Mark(marked map[*Task]bool) {
	marked[t] = true
	for _, need := range t.Needs {
		if !marked[need] {
			need.Mark(marked)
		}
	}
}

// imageRoles groups the photos that reached a task by how they did.
func (p *Plan) imageRoles(task *Task) []ImageRole {
	roles := map[string][]string{}
	for hash, way := range p.lineage(task) {
		roles[way] = append(roles[way], p.images[hash].Name)
	}
	list := []ImageRole{}
	for _, way := range slices.Sorted(maps.Keys(roles)) {
		slices.Sort(roles[way])
		list = append(list, ImageRole{way, roles[way]})
	}
	return list
}
