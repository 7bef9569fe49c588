package plan

import (
	"slices"

	"kizu/orchestrator/stage"
)

// chain links trainings that differ in their number of steps only: the longer
// continues the shorter. Step i depends on the seed and i alone, so the result,
// and therefore the key, is the same as of one uninterrupted training. Where
// the learning rate of step i depends on the number of steps, there is none.
func chain(tasks []*Task) {
	shorter := map[string][]*Task{}
	for _, task := range tasks {
		if key := task.ChainKey(); key != "" {
			shorter[key] = append(shorter[key], task)
		}
	}
	for _, link := range shorter {
		slices.SortFunc(link, func(a, b *Task) int { return a.Steps() - b.Steps() })
		for i := 1; i < len(link); i++ {
			link[i].Resume = link[i-1]
			link[i].Needs = append(link[i].Needs, link[i-1])
		}
	}
}

// ChainKey is what identifies work in steps apart from their number; "" for a task
// that is none, or one that cannot be continued.
func (t *Task) ChainKey() string {
	if spec, ok := t.Spec.(stage.Chained); ok {
		return spec.ChainKey(t.version)
	}
	return ""
}

// Steps is how many a task of work in steps has; 0 for any other.
func (t *Task) Steps() int {
	if spec, ok := t.Spec.(stage.Stepped); ok {
		return spec.StepCount()
	}
	return 0
}

// inOrder sorts tasks so that each comes after what it needs, otherwise
// keeping their order.
func inOrder(tasks []*Task) []*Task {
	ordered := make([]*Task, 0, len(tasks))
	placed := map[*Task]bool{}
	var place func(*Task)
	place = func(task *Task) {
		if placed[task] {
			return
		}
		placed[task] = true
		for _, need := range task.Needs {
			place(need)
		}
		ordered = append(ordered, task)
	}
	for _, task := range tasks {
		place(task)
	}
	return ordered
}
