//go:build cgo

package pyembed

/*
#include "bridge.h"
*/
import "C"

import (
	"cmp"
	"math/big"
	"reflect"
	"slices"
	"unsafe"

	python3 "github.com/DataDog/go-python3"
)

// maxDepth limits nesting, so that a value that contains itself is an error
// and not an overflow of the stack.
const maxDepth = 1000

// object is a Python object of go-python3 as this package's C code sees it.
func object(o *python3.PyObject) *C.PyObject { return (*C.PyObject)(unsafe.Pointer(o)) }

// wrapped is the opposite of object.
func wrapped(o *C.PyObject) *python3.PyObject { return (*python3.PyObject)(unsafe.Pointer(o)) }

// created is the end of every creation of a Python object: a new reference, or
// the exception that it ended with.
func created(o *python3.PyObject) (*python3.PyObject, error) {
	if o == nil {
		return nil, raised()
	}
	return o, nil
}

// encode returns a new reference to the Python counterpart of a Go value.
func encode(v reflect.Value, depth int) (*python3.PyObject, error) {
	if depth > maxDepth {
		return nil, cannot("nested more than %d deep", maxDepth)
	}
	switch v.Kind() {
	case reflect.Invalid:
		return none(), nil
	case reflect.Interface:
		return encode(v.Elem(), depth)
	case reflect.Pointer:
		return encode(v.Elem(), depth+1)
	case reflect.Bool:
		truth := 0
		if v.Bool() {
			truth = 1
		}
		return python3.PyBool_FromLong(truth), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return created(python3.PyLong_FromLongLong(v.Int()))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return created(python3.PyLong_FromUnsignedLongLong(v.Uint()))
	case reflect.Float32, reflect.Float64:
		return created(python3.PyFloat_FromDouble(v.Float()))
	case reflect.String:
		return encodeString(v.String())
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return lend(v.Bytes(), v.Type() != reflect.TypeFor[Buffer]())
		}
		return encodeList(v, depth)
	case reflect.Array:
		return encodeList(v, depth)
	case reflect.Map:
		return encodeMap(v, depth)
	case reflect.Struct:
		return encodeStruct(v, depth)
	default:
		return nil, cannot("a Go %s has no counterpart in Python", v.Type())
	}
}

func none() *python3.PyObject {
	python3.Py_None.IncRef()
	return python3.Py_None
}

func encodeList(v reflect.Value, depth int) (*python3.PyObject, error) {
	list := python3.PyList_New(v.Len())
	if list == nil {
		return nil, raised()
	}
	for i := range v.Len() {
		item, err := encode(v.Index(i), depth+1)
		if err != nil {
			list.DecRef()
			return nil, within(err, "[%d]", i)
		}
		python3.PyList_SetItem(list, i, item) // takes the reference
	}
	return list, nil
}

func encodeMap(v reflect.Value, depth int) (*python3.PyObject, error) {
	dict := python3.PyDict_New()
	if dict == nil {
		return nil, raised()
	}
	keys := v.MapKeys()
	if v.Type().Key().Kind() == reflect.String { // a dict keeps its order: the same every time
		slices.SortFunc(keys, func(a, b reflect.Value) int { return cmp.Compare(a.String(), b.String()) })
	}
	for _, key := range keys {
		if err := setItem(dict, key, v.MapIndex(key), depth+1); err != nil {
			dict.DecRef()
			return nil, within(err, "[%v]", key)
		}
	}
	return dict, nil
}

func encodeStruct(v reflect.Value, depth int) (*python3.PyObject, error) {
	if whole, ok := v.Interface().(big.Int); ok {
		return created(python3.PyLong_FromString(whole.Text(16), 16))
	}
	fields := fieldsOf(v.Type())
	if len(fields) == 0 && v.NumField() > 0 {
		return nil, cannot("a Go %s has no exported fields", v.Type())
	}
	dict := python3.PyDict_New()
	if dict == nil {
		return nil, raised()
	}
	for _, f := range fields {
		value := v.FieldByIndex(f.index)
		if f.omitEmpty && isEmpty(value) {
			continue
		}
		if err := setItem(dict, reflect.ValueOf(f.key), value, depth+1); err != nil {
			dict.DecRef()
			return nil, within(err, ".%s", f.key)
		}
	}
	return dict, nil
}

func setItem(dict *python3.PyObject, key, value reflect.Value, depth int) error {
	switch key.Kind() {
	case reflect.Slice, reflect.Array, reflect.Map, reflect.Struct, reflect.Pointer:
		return cannot("a Go %s cannot be a key of a dict", key.Type())
	}
	k, err := encode(key, depth)
	if err != nil {
		return err
	}
	defer k.DecRef()
	item, err := encode(value, depth)
	if err != nil {
		return err
	}
	defer item.DecRef()
	if python3.PyDict_SetItem(dict, k, item) != 0 {
		return raised()
	}
	return nil
}
