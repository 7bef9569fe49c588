package execute

import (
	"errors"

	"kizu/orchestrator/execute/progress"
)

// causeOf sorts errors of a group.
func causeOf(err error) progress.Cause {
	switch remedyFor(err) {
	case lessMemory:
		return progress.MemoryCause
	case freshWorker:
		return progress.WorkerCause
	}
	task := new(TaskError)
	switch {
	case !errors.As(err, &task):
		return progress.DiskCause // the group's log cannot be written
	case isApart(task.Failure):
		return progress.MemberCause
	case isStageError(task.Failure):
		return progress.RefusedCause
	case noRoom(task.Failure) != "":
		return progress.DiskCause
	}
	return progress.FaultCause
}
