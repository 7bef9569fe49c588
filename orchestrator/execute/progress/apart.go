package progress

import (
	"fmt"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/plan"
)

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

// ids are those of the members.
func (a Apart) ids() []string {
	ids := make([]string, len(a.Members))
	for i, task := range a.Members {
		ids[i] = task.ID
	}
	return ids
}
