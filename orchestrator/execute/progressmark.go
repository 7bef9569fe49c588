package execute

import (
	"math"

	"kizu/orchestrator/plan"
	"kizu/orchestrator/store"
)

// ProgressMark is how far tasks have come, by key: the steps of the latest checkpoint,
// or more than any for an artifact.
type ProgressMark map[string]int

// ProgressMarkOf looks at the store.
func ProgressMarkOf(st *store.Store, tasks []*plan.Task) ProgressMark {
	m := ProgressMark{}
	for _, task := range tasks {
		if m[task.Key] = st.CheckpointSteps(task.Key); st.Has(task.Kind, task.Key) {
			m[task.Key] = math.MaxInt
		}
	}
	return m
}

// Beyond reports whether any task has come further. Since all tasks together
// have a finite number of steps, it is true a finite number of times.
func (p ProgressMark) Beyond(before ProgressMark) bool {
	for key, steps := range p {
		if steps > before[key] {
			return true
		}
	}
	return false
}
