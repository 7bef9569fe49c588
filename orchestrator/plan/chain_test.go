package plan

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"kizu/orchestrator/stage"
)

// TestChain: trainings of one recipe continue each other from the fewest steps
// to the most; recipes do not mix.
func TestChain(t *testing.T) {
	p := smallPlan(t)
	for _, seed := range []int64{0, 1} {
		five := find(t, p, "4 defect, 3 regularization, 5 steps", seed).Train
		ten := find(t, p, "4 defect, 3 regularization", seed).Train
		twenty := find(t, p, "4 defect, 3 regularization, 20 steps", seed).Train
		if five.Resume != nil || ten.Resume != five || twenty.Resume != ten {
			t.Errorf("seed %d resumes %v, %v, %v", seed, five.Resume, ten.Resume, twenty.Resume)
		}
		if !slices.Equal(twenty.Needs, []*Task{ten}) || !slices.Equal(ten.Needs, []*Task{five}) || len(five.Needs) > 0 {
			t.Errorf("seed %d needs %v, %v, %v", seed, five.Needs, ten.Needs, twenty.Needs)
		}
	}
	linked := 0
	for _, task := range p.Tasks {
		if task.Resume != nil {
			linked++
			if task.ChainKey() != task.Resume.ChainKey() {
				t.Errorf("%s continues %s", task.Label, task.Resume.Label)
			}
		}
		if (task.ChainKey() == "") != (task.Kind != stage.KindTrainLoRA) {
			t.Errorf("%s has the recipe %q", task.Label, task.ChainKey())
		}
	}
	if linked != 2*2 {
		t.Errorf("%d trainings continue another, want two at each seed", linked)
	}
}

// TestResumingChangesNoKey: a training's key is the same whether or not the
// plan has a shorter one to continue.
func TestResumingChangesNoKey(t *testing.T) {
	const head = "name: a\ndataset: {format: folders, root: r, noun: x, defects: [crack]}\nbase: tiny\n"
	key := func(steps string) string {
		exp := parse(t, head+"patterns: {matrix: [{defect_images: 2, steps: "+steps+"}]}\n")
		p := build(t, exp, inputs(t, exp, photos(map[string]int{"good": 5, "crack": 5})))
		return find(t, p, "2 defect, 0 regularization, 50 steps", 0).Train.Key
	}
	alone := key("50")
	if key("[50, 10]") != alone || key("[100, 50, 10]") != alone {
		t.Error("the key of 50 steps depends on the other step counts")
	}
}

// TestSchedulesThatDependOnTheStepsAreTrainedWhole: no training continues
// another, neither of the plan nor of the store, and the reason is said.
func TestSchedulesThatDependOnTheStepsAreTrainedWhole(t *testing.T) {
	for schedule, reasons := range map[string][2]string{
		"schedule: constant":                              {"new", "new; continues "},
		"schedule: constant_with_warmup, warmup_steps: 2": {"new", "new; continues "},
		"schedule: linear":                                {"new; trained whole: the linear schedule depends on the number of steps", ""},
		"schedule: cosine, warmup_steps: 2":               {"new; trained whole: the cosine schedule depends on the number of steps", ""},
	} {
		exp := parse(t, strings.Replace(small, "lora: {", "lora: {"+schedule+", ", 1))
		p, s := build(t, exp, smallInputs(t, exp)), openStore(t)
		if err := p.Compare(s); err != nil {
			t.Fatal(err)
		}
		five := find(t, p, "4 defect, 3 regularization, 5 steps", 0).Train
		ten := find(t, p, "4 defect, 3 regularization", 0).Train
		longer := reasons[1] + five.ID
		if reasons[1] == "" {
			longer = reasons[0]
		}
		if five.Reason != reasons[0] || ten.Reason != longer {
			t.Errorf("%s: %q and %q", schedule, five.Reason, ten.Reason)
		}
		commit(t, s, five)
		earlier, _, err := TrainingsOf(s).Earlier(ten)
		if err != nil || (earlier == five.Key) != (reasons[1] != "") {
			t.Errorf("%s: continues %q of the store, %v", schedule, earlier, err)
		}
	}
}

// TestInOrder: whatever the order of the cells, tasks come after what they
// need, each once.
func TestInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var tasks []*Task
		for i := range rapid.IntRange(0, 20).Draw(t, "tasks") {
			task := &Task{ID: fmt.Sprint(i)}
			for _, earlier := range tasks {
				if rapid.IntRange(0, 3).Draw(t, "needs") == 0 {
					task.Needs = append(task.Needs, earlier)
				}
			}
			tasks = append(tasks, task)
		}
		ordered := inOrder(rapid.Permutation(tasks).Draw(t, "order"))
		if len(ordered) != len(tasks) {
			t.Fatalf("%d tasks of %d", len(ordered), len(tasks))
		}
		done := map[*Task]bool{}
		for _, task := range ordered {
			for _, need := range task.Needs {
				if !done[need] {
					t.Fatalf("%s comes before %s, which it needs", task.ID, need.ID)
				}
			}
			if done[task] {
				t.Fatalf("%s comes twice", task.ID)
			}
			done[task] = true
		}
	})
}

func TestChainKeyOf(t *testing.T) {
	for _, text := range []string{"", "{", "[]", `"text"`} {
		if recipe, steps := stage.ChainKeyOf(json.RawMessage(text)); recipe != "" || steps != 0 {
			t.Errorf("%q is the recipe %q of %d steps", text, recipe, steps)
		}
	}
}
