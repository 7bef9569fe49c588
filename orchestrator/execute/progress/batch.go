package progress

import (
	"fmt"
	"slices"
	"time"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/plan"
)

// batch is what a device is at: a task, or several that are computed together, of which
// one that gets on speaks for all: the same one as long as it does.
type batch struct {
	tasks   []*plan.Task
	speaker *plan.Task
	spoke   time.Time
	said    time.Time // when the last line about it was written
}

// silent is how long a speaker may say nothing while others get on.
const silent = 3 * time.Second

// hears reports whether a task that gets on speaks for all.
func (b *batch) hears(task *plan.Task) bool {
	now := time.Now()
	if task != b.speaker && slices.Contains(b.tasks, b.speaker) && now.Sub(b.spoke) < silent {
		return false
	}
	b.speaker, b.spoke = task, now
	return true
}

// name is the label of the task that speaks.
func (b *batch) name() string {
	if more := len(b.tasks) - 1; more > 0 {
		return fmt.Sprintf("%s and %d more together", b.speaker.Label, more)
	}
	return b.tasks[0].Label
}

// batches are those at hand.
type batches []*batch

// start adds one.
func (b *batches) start(tasks []*plan.Task) *batch {
	added := &batch{tasks: slices.Clone(tasks), speaker: tasks[0], said: time.Now()}
	for _, task := range tasks { // of a batch that fell apart
		b.end(task)
	}
	*b = append(*b, added)
	return added
}

// heard is the batch that a task speaks for; nil for none.
func (b batches) heard(task *plan.Task) *batch {
	for _, each := range b {
		if slices.Contains(each.tasks, task) && each.hears(task) {
			return each
		}
	}
	return nil
}

// end takes a task out.
func (b *batches) end(task *plan.Task) {
	for _, each := range *b {
		each.tasks = slices.DeleteFunc(each.tasks, func(t *plan.Task) bool { return t == task })
	}
	*b = slices.DeleteFunc(*b, func(each *batch) bool { return len(each.tasks) == 0 })
}

// Apart is a group of tasks that ended before its members had. What is left of
// it is computed one by one, so that nothing is lost but time.
type Apart struct {
	Members []*plan.Task
	Cause   Cause
	Err     error
}

// Cause is what made a group fall apart.
type Cause string

// All but FaultCause may happen to a kizu without mistakes.
const (
	MemoryCause  Cause = "memory"  // the members do not fit beside each other
	WorkerCause  Cause = "worker"  // the process died or stood still, or the device failed
	MemberCause  Cause = "member"  // one spoils it for the others, such as a loss that is no number
	RefusedCause Cause = "refused" // a stage's worded error that concerns all, such as a damaged base model
	DiskCause    Cause = "disk"    // the store's disk is full
	FaultCause   Cause = "fault"   // an exception that nobody foresaw; the test suite takes it for a failure
)

// String is a line for a log.
func (a Apart) String() string {
	line := fmt.Sprintf("%s computed together, %s first: %v; what is left is computed one by one",
		english.Plural(len(a.Members), "task", ""), a.Members[0].Label, a.Err)
	if a.Cause == FaultCause {
		line += ", which takes longer; this is a mistake of kizu's, please report it with the log"
	}
	return line
}
