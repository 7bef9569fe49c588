package execute

import (
	"sync"
	"time"

	"kizu/orchestrator/plan"
	"kizu/orchestrator/stage"
)

// TimeBudget is the time that a worker has, where the machine is its own only until a given moment.
type TimeBudget struct {
	End      time.Time                              // when the worker will be stopped
	Estimate func(*plan.Task) (time.Duration, bool) // how long a task takes, if that is known

	mu   sync.Mutex
	used bool // a task has been started in it
}

// margin is how many times its estimated time a task must have.
const margin = 1.5

// fits reports whether a task may be started. The first may in any case: no later budget will be
// longer. Work in steps may, since it leaves checkpoints and goes on from them in another job.
func (b *TimeBudget) fits(task *plan.Task, now time.Time) bool {
	if b == nil {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, continues := task.Spec.(stage.Stepped); continues || !b.used {
		return true
	}
	estimate, known := b.Estimate(task)
	return !known || !now.Add(time.Duration(margin*float64(estimate))).After(b.End)
}

// use records that a task is being started.
func (b *TimeBudget) use() {
	if b != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.used = true
	}
}

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

// poll says when to look again at what other processes have made meanwhile: soon after a task has
// ended here, and then less and less often, since a look reads the store.
type poll struct {
	pause time.Duration // pause is the time between the latest look and the next.
	at    time.Time     // at is when to look again.
	idle  time.Time     // idle is when something was last done here.
}

// Pauses between two looks.
const (
	shortest = 50 * time.Millisecond
	longest  = 2 * time.Second
)

func newPoll() *poll {
	now := time.Now()
	return &poll{pause: shortest, at: now.Add(shortest), idle: now}
}

// ended records how a task ended on a device.
func (p *poll) ended(how end) {
	if how == elsewhere || how == passedOn {
		return
	}
	now := time.Now()
	if how != found {
		p.idle = now
	}
	p.pause = shortest
	if soon := now.Add(shortest); soon.Before(p.at) {
		p.at = soon
	}
}

// next is when to look; never where no device is free.
func (p *poll) next(free bool) <-chan time.Time {
	if !free {
		return nil
	}
	return time.After(time.Until(p.at))
}

// looked records a look.
func (p *poll) looked() {
	p.pause = min(2*p.pause, longest)
	p.at = time.Now().Add(p.pause)
}

// idleFor reports whether nothing was done here for a time; 0 is for ever.
func (p *poll) idleFor(limit time.Duration) bool {
	return limit > 0 && time.Since(p.idle) >= limit
}
