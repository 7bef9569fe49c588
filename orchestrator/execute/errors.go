package execute

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"kizu/orchestrator/execute/protocol"
)

// StartError is a worker that cannot work at all: a device that does not
// exist, a broken virtual environment. It is the machine's settings that are
// wrong, not a task.
type StartError struct {
	Failure protocol.Failure
	Log     string
}

func (e *StartError) Error() string {
	if isStageError(e.Failure) {
		return e.Failure.Message
	}
	return fmt.Sprintf("a worker could not start: %s (log: %s)", e.Failure.Message, e.Log)
}

// DiedError is a worker process that ended in the middle of something.
type DiedError struct {
	How string
	Log string
}

func (e *DiedError) Error() string {
	return fmt.Sprintf("the worker process died (%s); log: %s", e.How, e.Log)
}

// TaskError is a task that a Python stage gave up.
type TaskError struct {
	Failure protocol.Failure
	Log     string // holds the traceback
}

func (e *TaskError) Error() string {
	message := e.Failure.Message
	if !isStageError(e.Failure) {
		message = fmt.Sprintf("%s: %s", e.Failure.Type, message)
	}
	if strings.Contains(message, syscall.ENOSPC.Error()) || strings.Contains(message, "No space left on device") {
		message = "the store's disk is full: free some space and run again"
	}
	return fmt.Sprintf("%s (log: %s)", message, e.Log)
}

// isStageError tells the stages' own, worded errors from surprises.
func isStageError(f protocol.Failure) bool {
	return f.Type == "StageError" || strings.HasSuffix(f.Type, ".StageError")
}

// diskFull words an error of writing to a full disk.
func diskFull(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("the store's disk is full: free some space and run again (%w)", err)
	}
	return err
}
