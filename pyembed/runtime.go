//go:build cgo

package pyembed

/*
#cgo pkg-config: python3
#cgo linux LDFLAGS: -ldl
#include "bridge.h"
*/
import "C"

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	python3 "github.com/DataDog/go-python3"
)

// Runtime is the Python of this process.
type Runtime struct {
	jobs       chan func()   // what the Python thread is to do
	closing    chan struct{} // closed by Close: no more jobs
	closed     chan struct{} // closed once Python is finalised
	closeOnce  sync.Once
	finalising error // how that went
	host       *host
}

// started is the one Runtime that a process can have.
var started atomic.Pointer[Runtime]

// Start initialises Python, with the virtual environment of cfg.Python. A
// mistake in the configuration, such as an environment that was made from
// another Python than the one this program is linked with, is an error before
// anything is initialised. Once initialised, even if Close was called, Python
// cannot be started again in this process: extension modules such as NumPy's
// do not survive that.
func Start(cfg Config) (*Runtime, error) {
	executable, err := checkVenv(cfg.Python, linked())
	if err != nil {
		return nil, err
	}
	host, err := newHost(cfg.Functions)
	if err != nil {
		return nil, err
	}
	r := &Runtime{
		jobs:    make(chan func()),
		closing: make(chan struct{}),
		closed:  make(chan struct{}),
		host:    host,
	}
	if !started.CompareAndSwap(nil, r) {
		return nil, errors.New("pyembed: Python was started before in this process, and can only be once")
	}
	ready := make(chan error)
	go r.own(executable, cfg.Path, ready)
	if err := <-ready; err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// linked describes the libpython of this process.
func linked() library {
	version, _, _ := strings.Cut(python3.Py_GetVersion(), " ")
	lib := library{version: version, headers: C.PY_VERSION}
	if file := C.pyembed_library(); file != nil {
		lib.file = C.GoString(file)
	}
	return lib
}

// own is the life of the Python thread. It is never given back to Go's
// scheduler, and ends with the goroutine: Python's thread-local state goes with
// it, and Py_FinalizeEx hangs when called from another thread.
func (r *Runtime) own(executable string, path []string, ready chan<- error) {
	runtime.LockOSThread()
	defer close(r.closed)
	if err := python3.Py_SetProgramName(executable); err != nil {
		ready <- fmt.Errorf("pyembed: program name %s: %w", executable, err)
		return
	}
	C.pyembed_use_utf8()
	python3.Py_InitializeEx(false) // no signal handlers: signals stay Go's
	err := r.prepare(path)
	state := python3.PyEval_SaveThread() // so that Python's other threads run between jobs
	ready <- err
	for working := true; working; {
		select {
		case job := <-r.jobs:
			python3.PyEval_RestoreThread(state)
			job()
			python3.PyEval_SaveThread()
		case <-r.closing:
			working = false
		}
	}
	r.host.close()
	python3.PyEval_RestoreThread(state)
	if python3.Py_FinalizeEx() != 0 {
		r.finalising = errors.New("pyembed: Python could not flush its output")
	}
}

// prepare sets up sys.path and the module host.
func (r *Runtime) prepare(path []string) error {
	list := python3.PySys_GetObject("path") // borrowed
	if list == nil {
		return errors.New("pyembed: Python has no sys.path")
	}
	for i, folder := range path {
		text, err := encodeString(folder)
		if err != nil {
			return err
		}
		failed := python3.PyList_Insert(list, i, text) != 0
		text.DecRef()
		if failed {
			return raised()
		}
	}
	return r.host.install()
}

// do runs a job with the GIL held: on the Python thread in its turn, or, asked
// by a Go function that Python has called, at once on the thread of that call.
func (r *Runtime) do(ctx context.Context, job func()) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if onPythonThread() {
		lock := python3.PyGILState_Ensure()
		defer python3.PyGILState_Release(lock)
		job()
		return nil
	}
	done := make(chan struct{})
	select {
	case r.jobs <- func() { defer close(done); job() }:
		<-done
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-r.closing:
		return ErrClosed
	}
}

// onPythonThread tells whether the caller is a Go function that Python called:
// no other goroutine runs on a thread that Python knows.
func onPythonThread() bool {
	return python3.PyGILState_GetThisThreadState() != nil
}

// Close waits for the call in progress, refuses those that wait for their turn
// with ErrClosed, and finalises Python, which waits for the threads that Python
// code has started, unless they are daemons. Further calls of Close do nothing.
func (r *Runtime) Close() error {
	if onPythonThread() {
		return errors.New("pyembed: a function called by Python cannot close Python")
	}
	r.closeOnce.Do(func() { close(r.closing) })
	<-r.closed
	return r.finalising
}
