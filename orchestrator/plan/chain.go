package plan

import (
	"slices"
	"sync"

	"kizu/orchestrator/stage"
	"kizu/orchestrator/store"
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

// inOrder sorts tasks so that each comes after what it needs, otherwise keeping their order.
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

// Trainings finds what a training can continue in a store, where others add trainings all the time.
// Each manifest is read once: it does not change, and with thousands of trainings reading all of
// them again for each would take longer than a short training.
type Trainings struct {
	store *store.Store

	mu    sync.Mutex
	known map[string]training // by key
}

// training is what counts of a training that is done.
type training struct {
	chain string
	steps int
}

// TrainingsOf looks at a store when it is asked.
func TrainingsOf(s *store.Store) *Trainings {
	return &Trainings{store: s, known: map[string]training{}}
}

// Earlier finds the training that a task can continue: the one of its chain with the most steps
// below its own. The key is "" if there is none; done is the share of the task's steps that it has.
func (t *Trainings) Earlier(task *Task) (key string, done float64, err error) {
	chain := task.ChainKey()
	if chain == "" {
		return "", 0, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	var there []string // what was known may have been set aside since
	unknown := func(key string) bool {
		there = append(there, key)
		_, known := t.known[key]
		return !known
	}
	err = t.store.Each(task.Kind, unknown, func(m *store.Manifest) {
		of, steps := stage.ChainKeyOf(m.Identity)
		t.known[m.Key] = training{of, steps}
	})
	most := 0
	for _, candidate := range there {
		if known := t.known[candidate]; known.chain == chain && known.steps > most && known.steps < task.Steps() {
			key, most = candidate, known.steps
		}
	}
	return key, float64(most) / float64(task.Steps()), err
}
