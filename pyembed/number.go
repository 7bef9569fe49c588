//go:build cgo

package pyembed

/*
#include "bridge.h"
*/
import "C"

import (
	"math"
	"math/big"
	"reflect"

	python3 "github.com/DataDog/go-python3"
)

// asInt returns a new reference to the int that an object stands for: itself,
// or what its __index__ returns, as NumPy's integers and one-element integer
// tensors have. True and False are no numbers here.
func asInt(o *python3.PyObject, kind C.enum_pyembed_kind) *python3.PyObject {
	switch kind {
	case C.KIND_INT:
		o.IncRef()
		return o
	case C.KIND_INDEX:
		return wrapped(C.PyNumber_Index(object(o)))
	}
	return nil
}

// decodeInt stores an int that the target can hold exactly.
func decodeInt(o *python3.PyObject, kind C.enum_pyembed_kind, target reflect.Value) error {
	whole := asInt(o, kind)
	if whole == nil {
		return mismatch(o, target)
	}
	defer whole.DecRef()
	tooBig := false
	if target.CanInt() {
		value, overflow := python3.PyLong_AsLongLongAndOverflow(whole)
		if tooBig = overflow != 0 || target.OverflowInt(value); !tooBig {
			target.SetInt(value)
		}
	} else {
		value := python3.PyLong_AsUnsignedLongLong(whole) // negative or too big: an OverflowError
		if tooBig = python3.PyErr_Occurred() != nil || target.OverflowUint(value); !tooBig {
			target.SetUint(value)
		}
	}
	if tooBig {
		python3.PyErr_Clear()
		return cannot("the int %s does not fit into Go's %s", shortened(whole), target.Type())
	}
	return nil
}

// decodeFloat stores a float, or an int that is small enough, rounded as Python
// does itself. NaN and infinities are floats.
func decodeFloat(o *python3.PyObject, kind C.enum_pyembed_kind, target reflect.Value) error {
	switch kind {
	case C.KIND_INT, C.KIND_FLOAT, C.KIND_INDEX, C.KIND_NUMBER:
	default:
		return mismatch(o, target)
	}
	value := python3.PyFloat_AsDouble(o)
	if value == -1 && python3.PyErr_Occurred() != nil {
		if python3.PyErr_ExceptionMatches(python3.PyExc_OverflowError) {
			python3.PyErr_Clear()
			return cannot("the int %s does not fit into Go's %s", shortened(o), target.Type())
		}
		return mismatch(o, target)
	}
	if !math.IsInf(value, 0) && target.OverflowFloat(value) {
		return cannot("the float %g does not fit into Go's %s", value, target.Type())
	}
	target.SetFloat(value)
	return nil
}

// decodeBig stores an int of any size.
func decodeBig(o *python3.PyObject, kind C.enum_pyembed_kind, target *big.Int) error {
	whole := asInt(o, kind)
	if whole == nil {
		return mismatch(o, reflect.ValueOf(target).Elem())
	}
	defer whole.DecRef()
	text := wrapped(C.PyNumber_ToBase(object(whole), 16)) // unlike str(), for any number of digits
	if text == nil {
		return raised()
	}
	defer text.DecRef()
	digits, _ := goString(text)
	target.SetString(digits, 0)
	return nil
}

// shortened is an int for a message, in hexadecimal if it is long.
func shortened(o *python3.PyObject) string {
	text := wrapped(C.PyNumber_ToBase(object(o), 16))
	if text == nil {
		python3.PyErr_Clear()
		return "?"
	}
	defer text.DecRef()
	digits, _ := goString(text)
	const readable = 40
	if len(digits) > readable {
		return digits[:readable] + "…"
	}
	if value, ok := new(big.Int).SetString(digits, 0); ok {
		return value.String()
	}
	return digits
}
