package execute

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"time"

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

// MemoryError is a task that the memory of its device does not suffice for.
type MemoryError struct {
	Advice string
	Err    error
}

func (e *MemoryError) Error() string { return fmt.Sprintf("%s; %v", e.Advice, e.Err) }

func (e *MemoryError) Unwrap() error { return e.Err }

// DiedError is a worker process that ended in the middle of something.
type DiedError struct {
	How         string
	Log         string
	OutOfMemory bool // the kernel ended it, for want of memory
}

func (e *DiedError) Error() string {
	if e.OutOfMemory {
		return fmt.Sprintf("the kernel killed the worker process since memory had run out; log: %s", e.Log)
	}
	return fmt.Sprintf("the worker process died (%s); log: %s", e.How, e.Log)
}

// StallError is a worker that was killed since it said nothing for too long.
type StallError struct {
	After time.Duration
	Log   string
}

func (e *StallError) Error() string {
	return fmt.Sprintf("no progress for %s, so its worker was killed; log: %s", e.After, e.Log)
}

// TaskError is a task that a Python stage gave up.
type TaskError struct {
	Failure protocol.Failure
	Log     string // holds the traceback
}

func (e *TaskError) Error() string {
	message := e.Failure.Message
	if !isStageError(e.Failure) && !isApart(e.Failure) {
		message = fmt.Sprintf("%s: %s", e.Failure.Type, message)
	}
	if saysDiskFull(e.Failure) {
		message = "the store's disk is full: free some space and run again"
	}
	return fmt.Sprintf("%s (log: %s)", message, e.Log)
}

// logOf is the log of a failed task; "" if it has none.
func logOf(err error) string {
	var task *TaskError
	var died *DiedError
	var stall *StallError
	var reported *ReportedError
	switch {
	case errors.As(err, &task):
		return task.Log
	case errors.As(err, &died):
		return died.Log
	case errors.As(err, &stall):
		return stall.Log
	case errors.As(err, &reported):
		return reported.Log
	}
	return ""
}

// tailBytes is how much of a failed task's log is shown with its failure.
const tailBytes = 8 << 10

// LogTail is the end of a failed task's log, cut at a line; "" if there is none.
func LogTail(failure error) string { return tail(logOf(failure)) }

// LastLines is the last few lines of a file; "" if there are none.
func LastLines(path string, n int) string {
	lines := strings.Split(strings.TrimSpace(tail(path)), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// tail is the end of a file, cut at a line; "" if there is none.
func tail(path string) string {
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return ""
	}
	start := max(0, info.Size()-tailBytes)
	text, err := io.ReadAll(io.NewSectionReader(file, start, tailBytes))
	if err != nil {
		return ""
	}
	if start > 0 {
		_, text, _ = bytes.Cut(text, []byte("\n"))
	}
	return strings.ToValidUTF8(string(text), "�")
}

// Surprising tells failures that only their log explains from those whose
// message says it all.
func Surprising(failure error) bool {
	var task *TaskError
	if errors.As(failure, &task) && (isStageError(task.Failure) || saysDiskFull(task.Failure)) {
		return false
	}
	if reported := new(ReportedError); errors.As(failure, &reported) {
		return reported.Surprising
	}
	return logOf(failure) != ""
}

// saysDiskFull knows what Python and its libraries say of a full disk.
func saysDiskFull(f protocol.Failure) bool {
	return strings.Contains(f.Message, "No space left on device") || strings.Contains(f.Message, "Disk quota exceeded")
}

// isStageError tells the stages' own, worded errors from surprises: StageError
// and what scripts/common/errors.py derives from it.
func isStageError(f protocol.Failure) bool {
	name := f.Type[strings.LastIndexByte(f.Type, '.')+1:]
	return name == "StageError" || name == "DivergedError"
}

// isApart knows what a stage says of a group whose members cannot be computed
// together.
func isApart(f protocol.Failure) bool { return strings.HasSuffix(f.Type, ".ApartError") }

// diskFull words an error of writing to a full disk.
func diskFull(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("the store's disk is full: free some space and run again (%w)", err)
	}
	return err
}
