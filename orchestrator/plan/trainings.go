package plan

import (
	"sync"

	"kizu/orchestrator/stage"
	"kizu/orchestrator/store"
)

// Trainings finds what a training can continue in a store, where others add
// trainings all the time. Each manifest is read once: it does not change, and
// with thousands of trainings reading all of them again for each would take
// longer than a short training.
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

// Earlier finds the training that a task can continue: the one of its chain
// with the most steps below its own. The key is "" if there is none; done is the
// share of the task's steps that it has.
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
