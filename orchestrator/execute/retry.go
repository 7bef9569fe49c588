package execute

import (
	"errors"
	"slices"
	"strings"

	"kizu/orchestrator/execute/protocol"
)

// faults is how many faults of processes and devices a task may meet before it
// is given up. Each attempt after one has a fresh worker process: a CUDA context
// does not survive most of its errors. Running out of memory does not count: it
// ends in a fresh worker when no fewer samples can be computed at a time.
const faults = 3

// remedy is what may help a failed task.
type remedy int

const (
	none        remedy = iota // it would fail again
	freshWorker               // the process or the device was at fault
	lessMemory                // as freshWorker, and with half the samples at a time
)

// remedyFor sorts failures into transient ones and deterministic ones: bad data
// or an exception in Python stay what they are.
func remedyFor(err error) remedy {
	var task *TaskError
	if errors.As(err, &task) {
		switch {
		case outOfMemory(task.Failure):
			return lessMemory
		case deviceFault(task.Failure):
			return freshWorker
		}
		return none
	}
	var died *DiedError
	var stall *StallError
	switch {
	case errors.As(err, &died) && died.OutOfMemory:
		return lessMemory
	case died != nil, errors.As(err, &stall):
		return freshWorker
	}
	return none
}

// outOfMemory knows torch.OutOfMemoryError (formerly in torch.cuda), Python's
// and numpy's MemoryErrors, and what torch's CPU allocator, the operating system,
// CUDA (which pins memory of the host, too) and its libraries say.
func outOfMemory(f protocol.Failure) bool {
	if isStageError(f) {
		return false
	}
	return strings.HasSuffix(f.Type, "MemoryError") || slices.ContainsFunc([]string{
		"DefaultCPUAllocator: can't allocate memory", "Cannot allocate memory",
		"CUDA out of memory", "CUDA error: out of memory",
		"CUBLAS_STATUS_ALLOC_FAILED", "CUDNN_STATUS_ALLOC_FAILED", "CUSOLVER_STATUS_ALLOC_FAILED",
	}, func(words string) bool { return strings.Contains(f.Message, words) })
}

// deviceFault knows errors of the GPU and its driver, which are RuntimeErrors
// or, in newer torch, AcceleratorErrors.
func deviceFault(f protocol.Failure) bool {
	if isStageError(f) {
		return false
	}
	return strings.HasSuffix(f.Type, "AcceleratorError") || strings.Contains(f.Message, "CUDA error") ||
		strings.Contains(f.Message, "cuDNN error") || strings.Contains(f.Message, "CUBLAS_STATUS_") ||
		strings.Contains(f.Message, "NCCL error")
}
