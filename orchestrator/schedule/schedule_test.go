package schedule

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestMain simulates thousands of graphs in each property.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("rapid.checks", "3000"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// graph draws a random task graph: a task may need any earlier ones.
func graph(t *rapid.T) []Task {
	n := rapid.IntRange(1, 40).Draw(t, "tasks")
	tasks := make([]Task, n)
	for i := range tasks {
		tasks[i] = Task{
			ID:    fmt.Sprint("t", i),
			Loads: rapid.SampledFrom([]string{"", "tiny-sd", "lite0"}).Draw(t, "loads"),
			Cost:  float64(rapid.IntRange(1, 20).Draw(t, "cost")),
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
		for _, a := range s.Next(idle, 1, 0) {
			for _, need := range byID[a.Tasks[0]].Needs {
				if !ended[need] {
					t.Fatalf("%s started before %s was done", a.Tasks[0], need)
				}
			}
			started = append(started, a.Tasks[0])
			active = append(active, run{a.Tasks[0], a.Device, now + byID[a.Tasks[0]].Cost})
			idle = slices.DeleteFunc(idle, func(d string) bool { return d == a.Device })
		}
		if len(idle) > 0 && len(s.Next(idle, 1, 0)) > 0 {
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

// TestTasksOfAnotherProcess: tasks that another process is at come back until
// they are done, here or there, and nothing is lost or run twice.
func TestTasksOfAnotherProcess(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tasks := graph(t)
		s, err := New(tasks)
		if err != nil {
			t.Fatal(err)
		}
		ended := map[string]bool{}
		for turns := 0; !s.Finished(); turns++ {
			if turns > 100*len(tasks) {
				t.Fatal("it never ends")
			}
			started := s.Next([]string{"cpu"}, 1, 0)
			if len(started) == 0 && s.Again() == 0 {
				t.Fatal("not finished, and nothing can be done")
			}
			for _, a := range started {
				if ended[a.Tasks[0]] {
					t.Fatalf("%s was done already", a.Tasks[0])
				}
				if rapid.IntRange(0, 2).Draw(t, "elsewhere") == 0 {
					s.Elsewhere(a.Tasks[0])
					continue
				}
				s.Done(a.Tasks[0])
				ended[a.Tasks[0]] = true
			}
		}
		if len(ended) != len(tasks) {
			t.Fatalf("%d of %d tasks done", len(ended), len(tasks))
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
	s.Next([]string{"cpu", "cpu2"}, 1, 0)
	if got := s.Failed("a"); !slices.Equal(got, []string{"b", "c"}) {
		t.Errorf("unreachable: %v, want [b c]", got)
	}
}

func TestADeviceKeepsWhatItHasLoaded(t *testing.T) {
	s, err := New([]Task{
		{ID: "g1", Loads: "b", Cost: 1}, {ID: "t1", Loads: "a", Cost: 2},
		{ID: "t2", Loads: "a", Cost: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"t1", "t2", "g1"} {
		got := s.Next([]string{"cpu"}, 1, 0)
		if len(got) != 1 || got[0].Tasks[0] != want {
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

// TestLeave: a task that is left to others, and what needs it, keep no run going;
// others may have done it at the next look.
func TestLeave(t *testing.T) {
	s, err := New([]Task{{ID: "a", Cost: 3}, {ID: "b", Needs: []string{"a"}, Cost: 1}, {ID: "c", Cost: 1}})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Next([]string{"cpu"}, 1, 0); len(got) != 1 || got[0].Tasks[0] != "a" {
		t.Fatalf("next is %v", got)
	}
	s.Leave("a")
	if got := s.Next([]string{"cpu"}, 1, 0); len(got) != 1 || got[0].Tasks[0] != "c" {
		t.Fatalf("next is %v", got)
	}
	if s.Done("c"); !s.Finished() || s.Left() != 1 {
		t.Errorf("finished %v, %d left", s.Finished(), s.Left())
	}
	if n := s.Again(); n != 1 || s.Finished() || s.Left() != 0 {
		t.Errorf("%d offered again, finished %v", n, s.Finished())
	}
	if s.Done("a"); len(s.Next([]string{"cpu"}, 1, 0)) != 1 {
		t.Error("what needs it does not go on")
	}
}

// TestTogether: what can be computed together joins the most urgent task, in
// fair shares, and never before it is ready.
func TestTogether(t *testing.T) {
	tasks := []Task{
		{ID: "a", Cost: 5, With: "x"}, {ID: "b", Cost: 4, With: "x"}, {ID: "c", Cost: 3, With: "y"},
		{ID: "d", Cost: 2, With: "x"}, {ID: "e", Cost: 1, With: "x", Needs: []string{"c"}}, {ID: "f", Cost: 1},
	}
	for _, test := range []struct {
		name          string
		idle          []string
		limit, others int
		want          string
	}{
		{"one by one", []string{"1"}, 1, 0, "1:a"},
		{"all that are ready", []string{"1"}, 16, 0, "1:a+b+d"},
		{"at most so many", []string{"1"}, 2, 0, "1:a+b"},
		{"shared with an idle device", []string{"1", "2"}, 16, 0, "1:a+b 2:c"},
		{"shared with other hosts", []string{"1"}, 16, 2, "1:a"},
		{"more devices than members", []string{"1", "2", "3", "4", "5"}, 16, 0, "1:a 2:b 3:c 4:d 5:f"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := New(tasks)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, a := range s.Next(test.idle, test.limit, test.others) {
				got = append(got, a.Device+":"+strings.Join(a.Tasks, "+"))
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("got %v, want %s", got, test.want)
			}
		})
	}
}
