//go:build cgo

package pyembed

/*
#include "bridge.h"
*/
import "C"

import (
	"reflect"
	"runtime"
	"runtime/cgo"
	"unsafe"

	python3 "github.com/DataDog/go-python3"
)

// What Python calls the text encoding and its treatment of bytes that are none.
var (
	utf8Name        = C.CString("utf-8")
	surrogateEscape = C.CString("surrogateescape")
)

// encodeString keeps every byte: those that are no UTF-8, as file names may
// have, become what Python makes of them in file names too.
func encodeString(text string) (*python3.PyObject, error) {
	return created(wrapped(C.PyUnicode_DecodeUTF8(
		(*C.char)(unsafe.Pointer(unsafe.StringData(text))), C.Py_ssize_t(len(text)), surrogateEscape)))
}

func decodeString(o *python3.PyObject, kind C.enum_pyembed_kind, target reflect.Value) error {
	if kind != C.KIND_STR {
		return mismatch(o, target)
	}
	text, ok := goString(o)
	if !ok {
		python3.PyErr_Clear()
		return cannot("a str with lone surrogates is no text")
	}
	target.SetString(text)
	return nil
}

// goString is the text of a str. It fails, with an exception set, for
// surrogates that do not stand for bytes of a file name.
func goString(o *python3.PyObject) (string, bool) {
	var size C.Py_ssize_t
	if utf8 := C.PyUnicode_AsUTF8AndSize(object(o), &size); utf8 != nil {
		return string(unsafe.Slice((*byte)(unsafe.Pointer(utf8)), int(size))), true
	}
	python3.PyErr_Clear()
	bytes := wrapped(C.PyUnicode_AsEncodedString(object(o), utf8Name, surrogateEscape))
	if bytes == nil {
		return "", false
	}
	defer bytes.DecRef()
	start := (*byte)(unsafe.Pointer(C.PyBytes_AsString(object(bytes))))
	return string(unsafe.Slice(start, int(C.PyBytes_Size(object(bytes))))), true
}

// lend makes Go memory visible to Python. The memory neither moves nor is freed
// until Python has dropped the memoryview and all that was made from it.
func lend(data []byte, readOnly bool) (*python3.PyObject, error) {
	pin := new(runtime.Pinner)
	start := unsafe.SliceData(data)
	if len(data) > 0 {
		pin.Pin(start)
	}
	fixed := C.int(0)
	if readOnly {
		fixed = 1
	}
	return created(wrapped(C.pyembed_memoryview(
		unsafe.Pointer(start), C.Py_ssize_t(len(data)), fixed, C.uintptr_t(cgo.NewHandle(pin)))))
}

//export pyembedUnpin
func pyembedUnpin(handle C.uintptr_t) {
	pin := cgo.Handle(handle)
	pin.Value().(*runtime.Pinner).Unpin()
	pin.Delete()
}

// bytesOf copies a bytes-like object: Go's memory has no way to know when
// Python's is freed. Buffer is the way without a copy.
func bytesOf(o *python3.PyObject) ([]byte, bool) {
	view := C.pyembed_buffer(object(o))
	if view == nil {
		return nil, false
	}
	defer C.pyembed_release_buffer(view)
	data := make([]byte, int(view.len))
	copy(data, unsafe.Slice((*byte)(view.buf), int(view.len)))
	return data, true
}
