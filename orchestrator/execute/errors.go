package execute

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"kizu/orchestrator/execute/progress"
	"kizu/orchestrator/execute/protocol"
)

// StartError is a worker that cannot work at all: a device that does not exist, a broken virtual
// environment. It is the machine's settings that are wrong, not a task.
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

// LogFile and the methods below implement runlog.Logged.
func (e *DiedError) LogFile() string { return e.Log }
func (e *DiedError) Explained() bool { return false }

// StallError is a worker that was killed since it said nothing for too long.
type StallError struct {
	After time.Duration
	Log   string
}

func (e *StallError) Error() string {
	return fmt.Sprintf("no progress for %s, so its worker was killed; log: %s", e.After, e.Log)
}

// LogFile and the methods below implement runlog.Logged.
func (e *StallError) LogFile() string { return e.Log }
func (e *StallError) Explained() bool { return false }

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
	if room := noRoom(e.Failure); room != "" {
		message = room
	}
	return fmt.Sprintf("%s (log: %s)", message, e.Log)
}

// LogFile and the methods below implement runlog.Logged.
func (e *TaskError) LogFile() string { return e.Log }
func (e *TaskError) Explained() bool { return isStageError(e.Failure) || noRoom(e.Failure) != "" }

const fullDisk = "the store's disk is full: free some space and run again"

// noRoom knows what Python and its libraries say of a disk or a file that cannot grow; "" of
// anything else.
func noRoom(f protocol.Failure) string {
	switch {
	case strings.Contains(f.Message, "No space left on device"), strings.Contains(f.Message, "Disk quota exceeded"):
		return fullDisk
	case strings.Contains(f.Message, "File too large"):
		return "a file in the store may not become as large as it must (ulimit -f, or the file system): raise that limit and run again"
	}
	return ""
}

// isStageError tells the stages' own, worded errors from surprises: StageError
// and what scripts/common/errors.py derives from it.
func isStageError(f protocol.Failure) bool {
	name := f.Type[strings.LastIndexByte(f.Type, '.')+1:]
	return name == "StageError" || name == "DivergedError"
}

// isApart knows what a stage says of a group whose members cannot be computed together.
func isApart(f protocol.Failure) bool { return strings.HasSuffix(f.Type, ".ApartError") }

// diskFull words an error of writing to a full disk.
func diskFull(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%s (%w)", fullDisk, err)
	}
	return err
}

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

// outOfMemoryKills is how many processes the kernel has killed since memory had
// run out, that of the machine or of a control group, such as a job of Slurm; 0
// where it does not say. A process that it kills has no chance to say why.
func outOfMemoryKills() int {
	text, err := os.ReadFile("/proc/vmstat")
	if err != nil {
		return 0
	}
	return killsIn(string(text))
}

// killsIn reads the counter oom_kill of /proc/vmstat.
func killsIn(vmstat string) int {
	for line := range strings.Lines(vmstat) {
		if count, found := strings.CutPrefix(line, "oom_kill "); found {
			kills, _ := strconv.Atoi(strings.TrimSpace(count))
			return kills
		}
	}
	return 0
}
