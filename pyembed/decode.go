//go:build cgo

package pyembed

/*
#include "bridge.h"
*/
import "C"

import (
	"math/big"
	"reflect"

	python3 "github.com/DataDog/go-python3"
)

// decode stores a Python object, which stays the caller's, in a settable Go value.
func decode(o *python3.PyObject, target reflect.Value, depth int) error {
	if depth > maxDepth {
		return cannot("nested more than %d deep", maxDepth)
	}
	kind, t := C.pyembed_kind(object(o)), target.Type()
	if t == reflect.TypeFor[big.Int]() {
		return decodeBig(o, kind, target.Addr().Interface().(*big.Int))
	}
	switch target.Kind() {
	case reflect.Interface:
		return decodeAny(o, kind, target, depth)
	case reflect.Pointer:
		if kind == C.KIND_NONE {
			target.SetZero()
			return nil
		}
		if target.IsNil() {
			target.Set(reflect.New(t.Elem()))
		}
		return decode(o, target.Elem(), depth+1)
	case reflect.Bool:
		if kind != C.KIND_BOOL {
			return mismatch(o, target)
		}
		target.SetBool(o.IsTrue() == 1)
		return nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return decodeInt(o, kind, target)
	case reflect.Float32, reflect.Float64:
		return decodeFloat(o, kind, target)
	case reflect.String:
		return decodeString(o, kind, target)
	case reflect.Slice:
		return decodeSlice(o, kind, target, depth)
	case reflect.Array:
		if size := o.Length(); kind == C.KIND_SEQUENCE && size != t.Len() {
			return cannot("%d items where %d are expected", size, t.Len())
		}
		return decodeItems(o, kind, target, depth)
	case reflect.Map:
		return decodeMap(o, kind, target, depth)
	case reflect.Struct:
		return decodeStruct(o, kind, target, depth)
	default:
		return cannot("a Go %s has no counterpart in Python", t)
	}
}

// mismatch describes an object that is not what the target needs.
func mismatch(o *python3.PyObject, target reflect.Value) error {
	python3.PyErr_Clear() // of an attempt to convert it
	return cannot("Python's %s where Go's %s is expected", className(o.Type()), target.Type())
}

func decodeSlice(o *python3.PyObject, kind C.enum_pyembed_kind, target reflect.Value, depth int) error {
	switch {
	case kind == C.KIND_NONE:
		target.SetZero()
		return nil
	case target.Type().Elem().Kind() == reflect.Uint8 && kind != C.KIND_SEQUENCE:
		data, ok := bytesOf(o)
		if !ok {
			return mismatch(o, target)
		}
		target.SetBytes(data)
		return nil
	case kind == C.KIND_SEQUENCE:
		size := o.Length()
		target.Set(reflect.MakeSlice(target.Type(), size, size))
	}
	return decodeItems(o, kind, target, depth)
}

// decodeItems decodes a list or tuple into a slice or array of its length.
func decodeItems(o *python3.PyObject, kind C.enum_pyembed_kind, target reflect.Value, depth int) error {
	if kind != C.KIND_SEQUENCE {
		return mismatch(o, target)
	}
	item := python3.PyList_GetItem
	if python3.PyTuple_Check(o) {
		item = python3.PyTuple_GetItem
	}
	for i := range target.Len() {
		if err := decode(item(o, i), target.Index(i), depth+1); err != nil {
			return within(err, "[%d]", i)
		}
	}
	return nil
}

func decodeMap(o *python3.PyObject, kind C.enum_pyembed_kind, target reflect.Value, depth int) error {
	if kind == C.KIND_NONE {
		target.SetZero()
		return nil
	}
	if kind != C.KIND_DICT {
		return mismatch(o, target)
	}
	if target.IsNil() {
		target.Set(reflect.MakeMapWithSize(target.Type(), o.Length()))
	}
	var key, item *python3.PyObject
	for position := 0; python3.PyDict_Next(o, &position, &key, &item); {
		k := reflect.New(target.Type().Key()).Elem()
		if err := decode(key, k, depth+1); err != nil {
			return within(err, "'s key")
		}
		if !k.Comparable() {
			return cannot("a key that is a Python %s", className(key.Type()))
		}
		v := reflect.New(target.Type().Elem()).Elem()
		if err := decode(item, v, depth+1); err != nil {
			return within(err, "[%v]", k)
		}
		target.SetMapIndex(k, v)
	}
	return nil
}

// decodeStruct sets the fields that the dict has keys for. Other keys are left
// alone, as in encoding/json.
func decodeStruct(o *python3.PyObject, kind C.enum_pyembed_kind, target reflect.Value, depth int) error {
	if kind != C.KIND_DICT {
		return mismatch(o, target)
	}
	for _, f := range fieldsOf(target.Type()) {
		key, err := encodeString(f.key)
		if err != nil {
			return err
		}
		item := python3.PyDict_GetItemWithError(o, key)
		key.DecRef()
		if item == nil {
			continue
		}
		if err := decode(item, target.FieldByIndex(f.index), depth+1); err != nil {
			return within(err, ".%s", f.key)
		}
	}
	return nil
}

// decodeAny chooses the Go type for an object that has to choose none.
func decodeAny(o *python3.PyObject, kind C.enum_pyembed_kind, target reflect.Value, depth int) error {
	if target.NumMethod() > 0 {
		return cannot("a Go %s has no counterpart in Python", target.Type())
	}
	var chosen reflect.Type
	switch kind {
	case C.KIND_NONE:
		target.SetZero()
		return nil
	case C.KIND_BOOL:
		chosen = reflect.TypeFor[bool]()
	case C.KIND_INT:
		chosen = reflect.TypeFor[int64]()
	case C.KIND_INDEX: // a tensor has __index__ and __float__, but only one that works
		chosen = reflect.TypeFor[float64]()
		if whole := asInt(o, kind); whole != nil {
			whole.DecRef()
			chosen = reflect.TypeFor[int64]()
		}
		python3.PyErr_Clear()
	case C.KIND_FLOAT, C.KIND_NUMBER:
		chosen = reflect.TypeFor[float64]()
	case C.KIND_STR:
		chosen = reflect.TypeFor[string]()
	case C.KIND_BYTES:
		chosen = reflect.TypeFor[[]byte]()
	case C.KIND_SEQUENCE:
		chosen = reflect.TypeFor[[]any]()
	case C.KIND_DICT:
		chosen = reflect.TypeFor[map[string]any]()
	default:
		return cannot("Python's %s has no counterpart in Go", className(o.Type()))
	}
	value := reflect.New(chosen).Elem()
	err := decode(o, value, depth)
	target.Set(value)
	return err
}
