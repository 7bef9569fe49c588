//go:build cgo

package pyembed

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	python3 "github.com/DataDog/go-python3"
)

// Call imports a module, calls a function of it, such as "json.dumps" or
// "package.module.function", and stores what it returns in what result points
// to; nil drops it. args is the one argument, or Args, or Kwargs.
//
// Call may be used by any goroutine; calls run one after another. Python code cannot be stopped
// from outside: if ctx ends while the function runs, Python sees that in host.cancelled(), and Call
// still returns only when the function does. An exception raised after that is returned together
// with ctx's error, so errors.Is(err, context.Canceled) and errors.As with *PythonError both hold;
// a function that returns a value all the same has succeeded. A caller that cannot wait has to end
// the process.
//
// Errors are a *PythonError, a *ConversionError, ctx's error or ErrClosed.
func (r *Runtime) Call(ctx context.Context, function string, args, result any) error {
	target := reflect.ValueOf(result)
	if result != nil && (target.Kind() != reflect.Pointer || target.IsNil()) {
		return fmt.Errorf("pyembed: the result of %s cannot be stored in a %T: it is no pointer, or nil", function, result)
	}
	dot := strings.LastIndexByte(function, '.')
	if dot <= 0 || dot == len(function)-1 {
		return fmt.Errorf("pyembed: %q is not of the form module.function", function)
	}
	var failure error
	if err := r.do(ctx, func() {
		defer r.host.enter(ctx)()
		failure = call(function[:dot], function[dot+1:], args, target)
		flushOutput()
	}); err != nil {
		return err
	}
	if _, ok := errors.AsType[*PythonError](failure); ok && ctx.Err() != nil {
		return fmt.Errorf("%w: %w", ctx.Err(), failure)
	}
	return failure
}

func call(module, name string, args any, target reflect.Value) error {
	positional, keyword, err := arguments(args)
	if err != nil {
		return err
	}
	defer release(positional, keyword)
	imported := python3.PyImport_ImportModule(module)
	if imported == nil {
		return raised()
	}
	defer imported.DecRef()
	function := imported.GetAttrString(name)
	if function == nil {
		return raised()
	}
	defer function.DecRef()
	returned := function.Call(positional, keyword)
	if returned == nil {
		return raised()
	}
	defer returned.DecRef()
	if !target.IsValid() {
		return nil
	}
	return within(decode(returned, target.Elem(), 0), "result")
}

// arguments returns a tuple and, or nil, a dict.
func arguments(args any) (positional, keyword *python3.PyObject, err error) {
	var list Args
	var named Kwargs
	switch args := args.(type) {
	case Kwargs:
		named = args
	case Args:
		list = args
		if len(args) > 0 {
			if last, ok := args[len(args)-1].(Kwargs); ok {
				list, named = args[:len(args)-1], last
			}
		}
	default:
		list = Args{args}
	}
	if positional = python3.PyTuple_New(len(list)); positional == nil {
		return nil, nil, raised()
	}
	for i, argument := range list {
		item, err := encode(reflect.ValueOf(argument), 0)
		if err != nil {
			release(positional)
			return nil, nil, within(err, "argument %d", i+1)
		}
		python3.PyTuple_SetItem(positional, i, item) // takes the reference
	}
	if named != nil {
		if keyword, err = encode(reflect.ValueOf(named), 0); err != nil {
			release(positional)
			return nil, nil, within(err, "keyword argument ")
		}
	}
	return positional, keyword, nil
}

// release drops references, of which some may be nil.
func release(objects ...*python3.PyObject) {
	for _, o := range objects {
		if o != nil {
			o.DecRef()
		}
	}
}

// flushOutput hands on what Python code has printed, so that it comes before
// what Go prints after the call. Where it cannot go, Python's own end will say.
func flushOutput() {
	for _, name := range []string{"stdout", "stderr"} {
		stream := python3.PySys_GetObject(name) // borrowed, and None if it is closed
		if stream == nil || stream == python3.Py_None {
			continue
		}
		release(stream.CallMethodArgs("flush"))
		python3.PyErr_Clear()
	}
}
