// Package schedule decides what to start next: tasks and what has happened to
// them in, decisions out. It starts nothing itself and knows no clock.
package schedule

import (
	"cmp"
	"fmt"
	"slices"
)

// Task is what a scheduler needs to know of one.
type Task struct {
	ID    string
	Loads string   // Loads names what a worker keeps in memory for such tasks, such as a base model.
	Needs []string // Needs are the ids of tasks of the same schedule that must be done before.
	Cost  float64  // Cost is the expected effort, in any unit that all tasks share, above 0.
	With  string   // With is equal for tasks that can be computed together; "" is for a task alone.
}

// Assignment is what to start on a device: one task, or several that are
// computed together, the most urgent first.
type Assignment struct {
	Tasks  []string
	Device string
}

type state int

const (
	waiting state = iota
	running
	elsewhere // another process is at it
	left      // to other processes: there is not enough time for it here
	done
	failed
	blocked // something it needs failed
)

// Schedule is the state of a run.
type Schedule struct {
	tasks  map[string]*node  // tasks are all of them, by their ids.
	order  []*node           // order has all of them, the most urgent first.
	loaded map[string]string // loaded is what the latest task of each device has loaded.
}

type node struct {
	Task
	state  state
	urgent float64 // urgent is the cost of the longest path from here to the end of the run.
	next   []*node // next are the tasks that need this one.
}

// New makes the schedule of tasks none of which has started.
func New(tasks []Task) (*Schedule, error) {
	s := &Schedule{tasks: map[string]*node{}, loaded: map[string]string{}}
	for _, task := range tasks {
		if s.tasks[task.ID] != nil {
			return nil, fmt.Errorf("task %s is listed twice", task.ID)
		}
		n := &node{Task: task}
		s.tasks[task.ID] = n
		s.order = append(s.order, n)
	}
	for _, n := range s.order {
		for _, id := range n.Needs {
			need := s.tasks[id]
			if need == nil {
				return nil, fmt.Errorf("task %s needs %s, which is not in the schedule", n.ID, id)
			}
			need.next = append(need.next, n)
		}
	}
	visiting := map[*node]bool{}
	for _, n := range s.order {
		if err := n.measure(visiting); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(s.order, func(a, b *node) int { return cmp.Compare(b.urgent, a.urgent) })
	return s, nil
}

// measure computes the urgency of a task and all that follow it.
func (n *node) measure(visiting map[*node]bool) error {
	if n.urgent > 0 {
		return nil
	}
	if visiting[n] {
		return fmt.Errorf("task %s needs itself", n.ID)
	}
	visiting[n] = true
	longest := 0.0
	for _, next := range n.next {
		if err := next.measure(visiting); err != nil {
			return err
		}
		longest = max(longest, next.urgent)
	}
	n.urgent = longest + max(n.Cost, 1e-9)
	return nil
}

// Next assigns ready tasks to idle devices, the most urgent first, and marks them as running. Among
// equally urgent tasks a device takes one that needs what it has loaded. Those that can be computed
// together with it join it, at most limit in all, and no more than its share where other devices
// are idle, or so many others, on other machines, take tasks of the plan.
func (s *Schedule) Next(idle []string, limit, others int) []Assignment {
	var assignments []Assignment
	for i, device := range idle {
		best := s.best(s.loaded[device])
		if best == nil {
			break
		}
		s.loaded[device] = best.Loads
		a := Assignment{Device: device}
		for _, n := range s.joining(best, limit, len(idle)-i+others) {
			n.state = running
			a.Tasks = append(a.Tasks, n.ID)
		}
		assignments = append(assignments, a)
	}
	return assignments
}

// best is the most urgent task that can start; nil for none.
func (s *Schedule) best(loaded string) (best *node) {
	for _, n := range s.order {
		if n.state != waiting || !s.ready(n) {
			continue
		}
		if best == nil || (n.urgent == best.urgent && n.Loads == loaded && best.Loads != loaded) {
			best = n
		}
		if n.urgent < best.urgent {
			break
		}
	}
	return best
}

// joining lists a task and those that are computed together with it, by urgency.
func (s *Schedule) joining(first *node, limit, sharers int) []*node {
	all := []*node{first}
	if first.With == "" || limit < 2 {
		return all
	}
	for _, n := range s.order {
		if n != first && n.With == first.With && n.state == waiting && s.ready(n) {
			all = append(all, n)
		}
	}
	share := (len(all) + sharers - 1) / sharers
	return all[:min(len(all), limit, share)]
}

func (s *Schedule) ready(n *node) bool {
	return !slices.ContainsFunc(n.Needs, func(id string) bool { return s.tasks[id].state != done })
}

// Done records that a task's artifact is committed.
func (s *Schedule) Done(id string) { s.tasks[id].state = done }

// Elsewhere records that another process that shares the store is at a task. It
// is not offered until Again.
func (s *Schedule) Elsewhere(id string) { s.tasks[id].state = elsewhere }

// Leave records that a task is left to other processes. What needs it waits.
func (s *Schedule) Leave(id string) { s.tasks[id].state = left }

// Left counts the tasks that are left to other processes.
func (s *Schedule) Left() int { return s.count(left) }

func (s *Schedule) count(in state) (n int) {
	for _, task := range s.order {
		if task.state == in {
			n++
		}
	}
	return n
}

// Again offers the tasks that were elsewhere, or left to others, once more: they
// may be done. It says how many there are.
func (s *Schedule) Again() int {
	n := s.count(elsewhere) + s.count(left)
	for _, task := range s.order {
		if task.state == elsewhere || task.state == left {
			task.state = waiting
		}
	}
	return n
}

// Failed records that a task failed, and returns the tasks that now cannot run.
func (s *Schedule) Failed(id string) (unreachable []string) {
	n := s.tasks[id]
	n.state = failed
	return n.block()
}

func (n *node) block() (ids []string) {
	for _, next := range n.next {
		if next.state == waiting || next.state == elsewhere || next.state == left {
			next.state = blocked
			ids = append(ids, next.ID)
			ids = append(ids, next.block()...)
		}
	}
	return ids
}

// Finished reports whether nothing runs and nothing more can start.
func (s *Schedule) Finished() bool {
	return !slices.ContainsFunc(s.order, func(n *node) bool {
		return n.state == running || n.state == elsewhere || (n.state == waiting && s.ready(n))
	})
}
