//go:build cgo

package pyembed

import (
	"fmt"
	"reflect"
	"regexp"
	"runtime/debug"

	python3 "github.com/DataDog/go-python3"
)

// function is a Go function that Python can call.
type function struct {
	name     string
	value    reflect.Value
	required int  // parameters that Python has to give
	keywords bool // the last parameter takes the keyword arguments
}

var (
	identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	errorType  = reflect.TypeFor[error]()
)

func newFunction(name string, value any) (function, error) {
	f := function{name: name, value: reflect.ValueOf(value)}
	if !identifier.MatchString(name) {
		return f, fmt.Errorf("pyembed: host function %q: a name has letters, digits and _", name)
	}
	if f.value.Kind() != reflect.Func || f.value.IsNil() {
		return f, fmt.Errorf("pyembed: host function %s is a %T, not a function", name, value)
	}
	t := f.value.Type()
	if t.NumOut() > 2 || t.NumOut() == 2 && t.Out(1) != errorType {
		return f, fmt.Errorf("pyembed: host function %s returns %s: at most a value and an error are possible", name, t)
	}
	fixed := t.NumIn()
	if t.IsVariadic() {
		fixed--
	} else if fixed > 0 {
		last := t.In(fixed - 1)
		f.keywords = last.Kind() == reflect.Map && last.Key().Kind() == reflect.String
	}
	for i := range fixed {
		switch t.In(i).Kind() {
		case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface:
		default:
			f.required = i + 1
		}
	}
	return f, nil
}

// arguments decodes what Python called the function with; kwargs may be nil.
func (f function) arguments(args, kwargs *python3.PyObject) ([]reflect.Value, error) {
	t := f.value.Type()
	given, fixed := python3.PyTuple_Size(args), t.NumIn()
	if t.IsVariadic() {
		fixed--
	}
	if given < f.required || given > fixed && !t.IsVariadic() {
		return nil, fmt.Errorf("%s() takes %s, not %d", f.name, f.counts(fixed), given)
	}
	values := make([]reflect.Value, 0, max(given, fixed))
	for i := range max(given, fixed) {
		parameter := t.In(min(i, t.NumIn()-1))
		if i >= fixed {
			parameter = parameter.Elem()
		}
		value := reflect.New(parameter).Elem()
		if i < given {
			if err := decode(python3.PyTuple_GetItem(args, i), value, 0); err != nil {
				return nil, within(err, "%s() argument %d", f.name, i+1)
			}
		}
		values = append(values, value)
	}
	if kwargs == nil || kwargs.Length() == 0 {
		return values, nil
	}
	if !f.keywords || given == fixed {
		return nil, fmt.Errorf("%s() takes no keyword arguments", f.name)
	}
	return values, within(decode(kwargs, values[fixed-1], 0), "%s() keyword arguments", f.name)
}

// counts is how many arguments the function takes, for a message.
func (f function) counts(fixed int) string {
	switch {
	case f.value.Type().IsVariadic():
		return fmt.Sprintf("%d or more arguments", f.required)
	case f.required < fixed:
		return fmt.Sprintf("%d to %d arguments", f.required, fixed)
	default:
		return fmt.Sprintf("%d arguments", fixed)
	}
}

// call calls the Go function. The result is invalid if the function has none. A
// panic is an error: it must not unwind through Python's frames.
func (f function) call(arguments []reflect.Value) (result reflect.Value, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic in %s(): %v\n%s", f.name, cause, debug.Stack())
		}
	}()
	results := f.value.Call(arguments)
	if n := len(results); n > 0 && results[n-1].Type() == errorType {
		err, _ = results[n-1].Interface().(error)
		results = results[:n-1]
	}
	if len(results) > 0 {
		result = results[0]
	}
	return result, err
}
