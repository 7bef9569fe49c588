package execute

import (
	"time"

	"kizu/orchestrator/plan"
)

// spent is the time that a device spends on tasks that it computes at the same
// time, or on one. What passes between two settlements belongs to the tasks that
// came further in it, by the effort that each has done: so the times of a
// group's members add up to the group's, whenever each of them ends.
type spent struct {
	settled time.Time           // settled is the moment of the latest settlement.
	members map[string]*expense // members has the expense of every task, by its id.
}

// expense is what one task has cost.
type expense struct {
	effort float64       // effort is that of the whole task, as its spec says it.
	done   float64       // done is the share of the task, 0 to 1, that is done as far as was heard.
	until  float64       // until is the share up to which time was settled.
	time   time.Duration // time is what the device has spent on it up to the latest settlement.
}

func newSpent(now time.Time) *spent {
	return &spent{settled: now, members: map[string]*expense{}}
}

// add makes a task a member. done is the share of it that is not computed again,
// and before what the device has spent on that.
func (s *spent) add(task *plan.Task, done float64, before time.Duration) {
	s.members[task.ID] = &expense{effort: max(1, task.Spec.Effort()), done: done, until: done, time: before}
}

// heard notes how far a task is.
func (s *spent) heard(id string, done, total int) {
	if e := s.members[id]; e != nil && total > 0 {
		e.done = max(e.done, min(1, float64(done)/float64(total)))
	}
}

// settle divides what has passed since the last settlement. As long as no task
// has come further, it waits for the next.
func (s *spent) settle(now time.Time) {
	all := 0.0
	for _, e := range s.members {
		all += e.effort * (e.done - e.until)
	}
	if all <= 0 {
		return
	}
	passed := now.Sub(s.settled)
	for _, e := range s.members {
		e.time += time.Duration(float64(passed) * e.effort * (e.done - e.until) / all)
		e.until = e.done
	}
	s.settled = now
}

// on is what a task has cost up to the last settlement.
func (s *spent) on(id string) time.Duration { return s.members[id].time }
