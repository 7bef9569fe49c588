package schedule

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// graph draws a random task graph: a task may need any earlier ones.
func graph(t *rapid.T) []Task {
	n := rapid.IntRange(1, 40).Draw(t, "tasks")
	tasks := make([]Task, n)
	for i := range tasks {
		tasks[i] = Task{
			ID:   fmt.Sprint("t", i),
			Kind: rapid.SampledFrom([]string{"train_lora", "generate", "classify"}).Draw(t, "kind"),
			Cost: float64(rapid.IntRange(1, 20).Draw(t, "cost")),
		}
		for j := range i {
			if rapid.IntRange(0, 5).Draw(t, "edge") == 0 {
				tasks[i].Needs = append(tasks[i].Needs, tasks[j].ID)
			}
		}
	}
	return tasks
}

type run struct {
	task, device string
	end          float64
}

// simulate runs a schedule with exact costs; fails says which tasks fail. It
// returns the order of starts and the time that everything took.
func simulate(t *rapid.T, tasks []Task, devices int, fails func(string) bool) (started []string, makespan float64) {
	s, err := New(tasks)
	if err != nil {
		t.Fatal(err)
	}
	byID := map[string]Task{}
	for _, task := range tasks {
		byID[task.ID] = task
	}
	ended := map[string]bool{}
	var active []run
	now := 0.0
	var idle []string
	for i := range devices {
		idle = append(idle, fmt.Sprint("cuda:", i))
	}
	for {
		for _, a := range s.Next(idle) {
			for _, need := range byID[a.Task].Needs {
				if !ended[need] {
					t.Fatalf("%s started before %s was done", a.Task, need)
				}
			}
			started = append(started, a.Task)
			active = append(active, run{a.Task, a.Device, now + byID[a.Task].Cost})
			idle = slices.DeleteFunc(idle, func(d string) bool { return d == a.Device })
		}
		if len(idle) > 0 && len(s.Next(idle)) > 0 {
			t.Fatal("a device stays idle while a task is ready")
		}
		if len(active) == 0 {
			break
		}
		slices.SortFunc(active, func(a, b run) int { return int(a.end - b.end) })
		first := active[0]
		active, now = active[1:], first.end
		idle = append(idle, first.device)
		if fails(first.task) {
			s.Failed(first.task)
		} else {
			s.Done(first.task)
			ended[first.task] = true
		}
	}
	if !s.Finished() {
		t.Fatal("nothing runs, nothing is ready, and yet it is not finished")
	}
	return started, now
}

func TestEveryTaskOnceWithinTwiceTheLowerBound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tasks := graph(t)
		devices := rapid.IntRange(1, 4).Draw(t, "devices")
		started, makespan := simulate(t, tasks, devices, func(string) bool { return false })
		if len(started) != len(tasks) || len(slices.Compact(slices.Sorted(slices.Values(started)))) != len(tasks) {
			t.Fatalf("%d tasks, started %v", len(tasks), started)
		}
		sum := 0.0
		for _, task := range tasks {
			sum += task.Cost
		}
		s, _ := New(tasks)
		// Graham (1969): a list schedule takes at most (2 - 1/m) times the optimum.
		if bound := max(sum/float64(devices), s.order[0].urgent); makespan > 2*bound {
			t.Fatalf("makespan %g, lower bound %g", makespan, bound)
		}
	})
}

func TestAFailureStopsItsDependantsOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tasks := graph(t)
		bad := tasks[rapid.IntRange(0, len(tasks)-1).Draw(t, "bad")].ID
		below := map[string]bool{bad: true}
		for _, task := range tasks { // inputs come first, so one pass suffices
			if slices.ContainsFunc(task.Needs, func(id string) bool { return below[id] }) {
				below[task.ID] = true
			}
		}
		started, _ := simulate(t, tasks, 2, func(id string) bool { return id == bad })
		for _, task := range tasks {
			want := !below[task.ID] || task.ID == bad
			if slices.Contains(started, task.ID) != want {
				t.Fatalf("task %s: started %v, want %v", task.ID, !want, want)
			}
		}
	})
}

func TestFailedNamesWhatCannotRun(t *testing.T) {
	s, err := New([]Task{
		{ID: "a", Cost: 1}, {ID: "b", Needs: []string{"a"}, Cost: 1},
		{ID: "c", Needs: []string{"b", "a"}, Cost: 1}, {ID: "d", Cost: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Next([]string{"cpu", "cpu2"})
	if got := s.Failed("a"); !slices.Equal(got, []string{"b", "c"}) {
		t.Errorf("unreachable: %v, want [b c]", got)
	}
}

func TestADeviceKeepsItsKind(t *testing.T) {
	s, err := New([]Task{
		{ID: "g1", Kind: "generate", Cost: 1}, {ID: "t1", Kind: "train_lora", Cost: 2},
		{ID: "t2", Kind: "train_lora", Cost: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"t1", "t2", "g1"} {
		got := s.Next([]string{"cpu"})
		if len(got) != 1 || got[0].Task != want {
			t.Fatalf("next is %v, want %s", got, want)
		}
		s.Done(want)
	}
}

func TestBadGraphs(t *testing.T) {
	for name, tasks := range map[string][]Task{
		"cycle":   {{ID: "a", Needs: []string{"b"}}, {ID: "b", Needs: []string{"a"}}},
		"unknown": {{ID: "a", Needs: []string{"z"}}},
		"twice":   {{ID: "a"}, {ID: "a"}},
	} {
		if _, err := New(tasks); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
