//go:build cgo

package pyembed

/*
#include "bridge.h"
*/
import "C"

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"unsafe"

	python3 "github.com/DataDog/go-python3"
)

// host is the Python module of the same name: Go functions, cancelled(), and
// the exception Error that a Go function's error becomes.
type host struct {
	functions []function
	exception *python3.PyObject // host.Error

	mu       sync.Mutex
	owner    *python3.PyThreadState
	contexts map[*python3.PyThreadState]context.Context // of the calls in progress
	closing  bool
	inside   int        // threads of Python that are in a Go function
	left     *sync.Cond // one of them no more
}

func newHost(functions map[string]any) (*host, error) {
	h := &host{contexts: map[*python3.PyThreadState]context.Context{}}
	h.left = sync.NewCond(&h.mu)
	all := maps.Clone(functions)
	if all == nil {
		all = map[string]any{}
	}
	for _, reserved := range []string{"cancelled", "Error"} {
		if _, taken := all[reserved]; taken {
			return nil, fmt.Errorf("pyembed: host.%s is built in", reserved)
		}
	}
	all["cancelled"] = h.cancelled
	for _, name := range slices.Sorted(maps.Keys(all)) {
		f, err := newFunction(name, all[name])
		if err != nil {
			return nil, err
		}
		h.functions = append(h.functions, f)
	}
	return h, nil
}

// install makes the module importable. It runs on the thread that owns Python.
func (h *host) install() error {
	h.owner = python3.PyGILState_GetThisThreadState()
	module := python3.PyImport_AddModule("host") // borrowed: sys.modules keeps it
	if module == nil {
		return raised()
	}
	h.exception = python3.PyErr_NewException("host.Error", python3.PyExc_RuntimeError, nil)
	if h.exception == nil || module.SetAttrString("Error", h.exception) != 0 {
		return raised()
	}
	for i, f := range h.functions {
		name := C.CString(f.name)
		function := wrapped(C.pyembed_function(name, C.long(i)))
		C.free(unsafe.Pointer(name))
		if function == nil || module.SetAttrString(f.name, function) != 0 {
			return raised()
		}
		function.DecRef()
	}
	return nil
}

// enter notes the context of a call on this thread, until the returned function
// is called.
func (h *host) enter(ctx context.Context) (leave func()) {
	thread := python3.PyGILState_GetThisThreadState()
	h.mu.Lock()
	defer h.mu.Unlock()
	outer := h.contexts[thread] // of a call that led to this one
	h.contexts[thread] = ctx
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if outer == nil {
			delete(h.contexts, thread)
		} else {
			h.contexts[thread] = outer
		}
	}
}

// cancelled is host.cancelled(): whether the context of the call in progress is
// done. To a thread that Python started, that is the call that Go made.
func (h *host) cancelled() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	ctx := h.contexts[python3.PyGILState_GetThisThreadState()]
	if ctx == nil {
		ctx = h.contexts[h.owner]
	}
	return ctx != nil && ctx.Err() != nil
}

// begin counts a thread of Python into Go code, and end counts it out. While
// Python is finalised, a thread that asks for the GIL is ended by Python on the
// spot. That must not happen with Go's frames on its stack, so Close waits for
// all to be out, and lets none in any more.
func (h *host) begin() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closing && python3.PyGILState_GetThisThreadState() != h.owner {
		return ErrClosed
	}
	h.inside++
	return nil
}

func (h *host) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.inside--
	h.left.Broadcast()
}

func (h *host) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closing = true
	for h.inside > 0 {
		h.left.Wait()
	}
}

// pyembedCall is every function of the module host: number says which.
//
//export pyembedCall
func pyembedCall(number C.long, args, kwargs *C.PyObject) *C.PyObject {
	h := started.Load().host
	if err := h.begin(); err != nil {
		setException(h.exception, err)
		return nil
	}
	defer h.end()
	f := h.functions[number]
	arguments, err := f.arguments(wrapped(args), wrapped(kwargs))
	if err != nil {
		setException(python3.PyExc_TypeError, err)
		return nil
	}
	state := python3.PyEval_SaveThread() // Go code may take its time
	result, err := f.call(arguments)
	python3.PyEval_RestoreThread(state)
	if err != nil {
		setException(h.exception, err)
		return nil
	}
	returned, err := encode(result, 0)
	if err != nil {
		setException(python3.PyExc_TypeError, within(err, "result of %s()", f.name))
		return nil
	}
	return object(returned)
}

// setException raises what became of an error in Go, in Python.
func setException(class *python3.PyObject, err error) {
	if inner, ok := errors.AsType[*PythonError](err); ok {
		err = errors.New(inner.Traceback)
	}
	text, failure := encodeString(err.Error())
	if failure != nil {
		python3.PyErr_SetString(class, "a Go error without text")
		return
	}
	defer text.DecRef()
	python3.PyErr_SetObject(class, text)
}
