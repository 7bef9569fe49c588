package execute

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"kizu/orchestrator/execute/protocol"
)

// TestRemedy holds what is tried again and what is not. Types and messages are
// those of torch 2.9.
func TestRemedy(t *testing.T) {
	raised := func(kind, message string) error {
		return fmt.Errorf("on cuda:0: %w", &TaskError{Failure: protocol.Failure{Type: kind, Message: message}})
	}
	for _, test := range []struct {
		err  error
		want remedy
	}{
		{raised("torch.OutOfMemoryError", "CUDA out of memory. Tried to allocate 20.00 MiB."), lessMemory},
		{raised("torch.cuda.OutOfMemoryError", "CUDA out of memory."), lessMemory},
		{raised("RuntimeError", "[enforce fail at alloc_cpu.cpp:121] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate 400 bytes."), lessMemory},
		{raised("MemoryError", ""), lessMemory},
		{raised("RuntimeError", "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"), lessMemory},
		{raised("torch.AcceleratorError", "CUDA error: out of memory"), lessMemory},
		{raised("RuntimeError", "cuDNN error: CUDNN_STATUS_ALLOC_FAILED"), lessMemory},
		{raised("numpy._core._exceptions._ArrayMemoryError", "Unable to allocate 2.00 GiB for an array"), lessMemory},
		{raised("OSError", "[Errno 12] Cannot allocate memory"), lessMemory},
		{&DiedError{How: "signal: killed", OutOfMemory: true}, lessMemory},
		{raised("errors.StageError", "image a MemoryError.png: Cannot allocate memory"), none},
		{raised("torch.AcceleratorError", "CUDA error: an illegal memory access was encountered"), freshWorker},
		{raised("RuntimeError", "CUDA error: unspecified launch failure"), freshWorker},
		{raised("RuntimeError", "cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"), freshWorker},
		{&DiedError{How: "signal: killed"}, freshWorker},
		{errors.Join(&DiedError{How: "signal: segmentation fault"}, errors.New("and more")), freshWorker},
		{&StallError{After: time.Minute}, freshWorker},
		{raised("errors.StageError", "image 3.png cannot be read"), none},
		{raised("errors.DivergedError", "the loss became nan at step 7"), none},
		{raised("ValueError", "no such thing"), none},
		{raised("RuntimeError", "mat1 and mat2 shapes cannot be multiplied"), none},
		{raised("OSError", "[Errno 28] No space left on device"), none},
		{errors.New("committing: read-only file system"), none},
	} {
		if got := remedyFor(test.err); got != test.want {
			t.Errorf("%v: remedy %d, want %d", test.err, got, test.want)
		}
	}
}

func TestKillsAreCounted(t *testing.T) {
	for text, want := range map[string]int{
		"nr_free_pages 5\noom_kill 12\nnuma_hit 7\n": 12,
		"oom_kill_x 3\n": 0,
		"":               0,
	} {
		if got := killsIn(text); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}
