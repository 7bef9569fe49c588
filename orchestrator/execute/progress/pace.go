package progress

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"kizu/orchestrator/plan"
)

// Pace knows how far a run is and how long the rest will take. It goes by the time that each
// task is expected to take, corrected for each kind of task by what this run has taken for
// it. It listens to the run as a Display does, and shows nothing.
type Pace struct {
	Silent

	mu      sync.Mutex
	now     func() time.Time
	loads   map[string]*load    // by task id
	atHand  map[string][]string // ids by device
	waiting map[string]float64  // seconds by device, since its first batch began and as long as it gets nowhere
	kinds   map[string]*tempo
	devices int
	settled time.Time
	share   float64 // the largest that was said: a run does not go backwards
}

// load is what a task costs.
type load struct {
	kind    string
	seconds float64 // expected
	from    float64 // the share that was done before, and costs nothing
	done    float64 // share of the rest
}

// tempo is how long tasks of a kind take.
type tempo struct {
	spent          float64 // seconds of devices
	done, expected float64 // seconds as they were expected, of what is done and of all
}

// NewPace is for tasks that are to be run on so many devices, with their loads by id.
func NewPace(tasks []*plan.Task, expected map[string]plan.Cost, devices int) *Pace {
	p := &Pace{now: time.Now, loads: map[string]*load{}, atHand: map[string][]string{}, waiting: map[string]float64{}, kinds: map[string]*tempo{}, devices: devices}
	for _, task := range tasks {
		p.loads[task.ID] = &load{kind: task.Kind, seconds: expected[task.ID].Seconds, from: expected[task.ID].From}
		if p.kinds[task.Kind] == nil {
			p.kinds[task.Kind] = &tempo{}
		}
		p.kinds[task.Kind].expected += expected[task.ID].Seconds
	}
	p.settled = p.now()
	return p
}

// TaskStarted and the methods below implement Display.
func (p *Pace) TaskStarted(tasks []*plan.Task, device string) {
	p.change(func() {
		if _, known := p.atHand[device]; !known {
			p.waiting[device] = 0
		}
		for _, task := range tasks {
			if p.loads[task.ID] != nil {
				p.atHand[device] = append(p.atHand[device], task.ID)
			}
		}
		p.devices = max(p.devices, len(p.atHand))
	})
}

func (p *Pace) Progress(task *plan.Task, done, total int, _ map[string]any) {
	if total > 0 {
		p.change(func() {
			p.reach(task, float64(done)/float64(total))
			p.started(task, false)
		})
	}
}

func (p *Pace) TaskDone(task *plan.Task, _ time.Duration) {
	p.change(func() {
		p.reach(task, 1)
		p.started(task, true)
		p.end(task)
	})
}

// TaskFound implements Display: others' work says nothing of this run's tempo.
func (p *Pace) TaskFound(task *plan.Task)           { p.change(func() { p.end(task) }) }
func (p *Pace) TaskFailed(task *plan.Task, _ error) { p.change(func() { p.end(task) }) }

func (p *Pace) change(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settle()
	f()
}

// settle adds the time since the last settlement to what devices were at. One that computes
// several tasks has some of one kind.
func (p *Pace) settle() {
	now := p.now()
	for device, ids := range p.atHand {
		passed := now.Sub(p.settled).Seconds()
		if _, waits := p.waiting[device]; waits {
			p.waiting[device] += passed
		} else if len(ids) > 0 {
			p.kinds[p.loads[ids[0]].kind].spent += passed
		}
	}
	p.settled = now
}

// started ends the wait of the device that a task is on: it began with loading a model, which
// the next tasks need not do and says nothing of their tempo; unless a task is done at once.
func (p *Pace) started(task *plan.Task, done bool) {
	for device, ids := range p.atHand {
		if waited, waits := p.waiting[device]; waits && slices.Contains(ids, task.ID) {
			delete(p.waiting, device)
			if done {
				p.kinds[task.Kind].spent += waited
			}
		}
	}
}

func (p *Pace) reach(task *plan.Task, share float64) {
	l := p.loads[task.ID]
	if l == nil || l.from >= 1 {
		return
	}
	if share = (min(share, 1) - l.from) / (1 - l.from); share > l.done {
		p.kinds[l.kind].done += l.seconds * (share - l.done)
		l.done = share
	}
}

// end takes a task off its device, and what is left of it off what is to be done.
func (p *Pace) end(task *plan.Task) {
	if l := p.loads[task.ID]; l != nil {
		p.kinds[l.kind].expected -= l.seconds * (1 - l.done)
		l.done = 1
	}
	for device, ids := range p.atHand {
		p.atHand[device] = slices.DeleteFunc(ids, func(id string) bool { return id == task.ID })
	}
}

// trust is the share of the work, of all or of a kind, that what was expected counts for
// beside what was seen: a run begins with loading models, and gets nowhere for a while.
const trust = 0.03

// Estimate is the share of the run that is done, 0 to 1, and how long the rest takes.
func (p *Pace) Estimate() (share float64, left time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settle()
	var all tempo
	for _, t := range p.kinds {
		all.spent, all.done, all.expected = all.spent+t.spent, all.done+t.done, all.expected+t.expected
	}
	rest, usual := 0.0, all.slower(1)
	for _, t := range p.kinds {
		rest += t.slower(usual) * max(0, t.expected-t.done)
	}
	if all.spent+rest > 0 {
		p.share = max(p.share, all.spent/(all.spent+rest))
	}
	return p.share, time.Duration(rest / float64(max(1, p.devices)) * float64(time.Second))
}

// slower is how many times longer things take than expected, where it would be `usual` if
// nothing were known.
func (t tempo) slower(usual float64) float64 {
	if known := trust * t.expected; t.done+known > 0 {
		return (t.spent + usual*known) / (t.done + known)
	}
	return usual
}

// String says both.
func (p *Pace) String() string {
	share, left := p.Estimate()
	return fmt.Sprintf("%.0f %%, about %s left", 100*share, rough(left))
}

// rough writes a time that nobody knows to the second.
func rough(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Round(5*time.Second).Seconds()))
	case d < 10*time.Minute:
		return plan.Short(d.Round(30 * time.Second))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Round(time.Minute).Minutes()))
	}
	return plan.Short(d.Round(time.Minute))
}
