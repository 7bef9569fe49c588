package plan

import (
	"encoding/json"
	"fmt"
	"slices"
)

// chain links trainings that differ in their number of steps only: the longer
// continues the shorter. Step i depends on the seed and i alone, so the result,
// and therefore the key, is the same as of one uninterrupted training. Where
// the learning rate of step i depends on the number of steps, there is none.
func chain(tasks []*Task) {
	shorter := map[string][]*Task{}
	for _, task := range tasks {
		if recipe := task.Recipe(); recipe != "" {
			shorter[recipe] = append(shorter[recipe], task)
		}
	}
	for _, link := range shorter {
		slices.SortFunc(link, func(a, b *Task) int { return a.steps() - b.steps() })
		for i := 1; i < len(link); i++ {
			link[i].Resume = link[i-1]
			link[i].Needs = append(link[i].Needs, link[i-1])
		}
	}
}

// Recipe is what identifies a training apart from its number of steps; "" for
// a task that is no training, or one that cannot be continued.
func (t *Task) Recipe() string {
	spec, ok := t.Spec.(TrainLoRA)
	if !ok || !spec.continues() {
		return ""
	}
	return spec.recipe(t.version)
}

// recipe is a hash of what trainings at all seeds share but for the number of
// steps, with the seed.
func (s TrainLoRA) recipe(version int) string {
	if s.shared == "" {
		s.shared = s.share(version)
	}
	return fmt.Sprint(s.shared, " ", s.Seed)
}

// share hashes the identity of a training without its number of steps and seed.
func (s TrainLoRA) share(version int) string {
	s.Steps, s.Seed = 0, 0
	sum, _ := hashOf(identity[TrainLoRA]{KindTrainLoRA, version, s}) // as for every key
	return sum
}

// continues says whether the first steps of a training are a training of that
// many steps: whether its learning rate goes by the step alone.
func (s TrainLoRA) continues() bool {
	return s.Schedule == "constant" || s.Schedule == "constant_with_warmup"
}

// recipeOf returns the recipe and the number of steps in the identity of a
// training, as a task or an artifact's manifest has it.
func recipeOf(text json.RawMessage) (string, int) {
	var id identity[TrainLoRA]
	if err := json.Unmarshal(text, &id); err != nil {
		return "", 0
	}
	return id.Spec.recipe(id.Version), id.Spec.Steps
}

func (t *Task) steps() int {
	spec, _ := t.Spec.(TrainLoRA)
	return spec.Steps
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
