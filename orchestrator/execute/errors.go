package execute

import (
	"errors"
	"fmt"
	"io"
	"os"
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

// tail returns the end of a text file, for a failed task's summary.
func tail(path string, most int64) string {
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.Size() > most {
		if _, err := file.Seek(-most, io.SeekEnd); err != nil {
			return ""
		}
	}
	text, err := io.ReadAll(file)
	if err != nil {
		return ""
	}
	return string(text)
}
