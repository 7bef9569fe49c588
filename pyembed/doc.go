// Package pyembed runs CPython inside a Go process, safe by construction: Go
// code passes Go values to Python functions and gets Go values back, and never
// sees a PyObject, a reference count or the GIL. See the example.
//
// One OS thread owns Python: it initialises it, runs all calls one after another, and finalises it.
// Call may be used by any goroutine. Between calls the GIL is free, so threads that Python code has
// started go on. Python's signal handlers are not installed, text is UTF-8 whatever the locale, and
// no exception ends the process, SystemExit included.
//
// # Values
//
//	Go                          Python
//	nil, nil pointer            None
//	bool                        bool
//	int…, uint…, *big.Int       int
//	float32, float64            float
//	string                      str; bytes that are no UTF-8 as in os.fsdecode
//	[]byte, Buffer              memoryview, read-only and writable, not copied
//	slice, array                list
//	map                         dict
//	struct                      dict, keyed by py tag, or json tag, or name
//
// Nil slices and maps are empty ones, and maps with string keys are sorted. Of a tag's options, omitempty is obeyed,
// and a field tagged "-" is left out. Fields of untagged embedded structs count
// as the struct's own.
//
// On the way back the same holds, and tuples are lists, bytes-like objects are []byte (copied: what
// Go keeps must not depend on what Python frees), objects with __index__ or __float__, such as
// NumPy's scalars, are numbers, and None is a nil pointer, slice, map or interface. An any becomes
// nil, bool, int64, float64, string, []byte, []any or map[string]any. Keys of a dict that a struct
// has no field for are passed over. All else, and a number that does not fit, is a ConversionError
// that names the place: result.images[3]. True is no int, and 1.0 is none either.
//
// Python may keep a memoryview after the call: the Go memory stays where it is until it lets go. As
// between goroutines, whoever writes to it in the meantime has to agree with the other side.
//
// # Go functions in Python
//
// Config.Functions become functions of the Python module host, next to host.cancelled(), which
// tells whether the context of the Call in progress is done. They run without the GIL, and Python's
// threads may be in several at once. Python may leave out last parameters that are pointers, maps,
// slices or interfaces, and gives keyword arguments to a last parameter that is a map. The result
// may be nothing, a value, an error, or a value and an error. An error or a panic is the exception
// host.Error in Python; a wrong argument is a TypeError. A Go function may use Call itself, on the
// goroutine that it is called on. A process that Python code forks has only Python: let
// multiprocessing spawn.
//
// # Building
//
// The package is built against the CPython, 3.10 to 3.13, that pkg-config knows as python3, through
// github.com/DataDog/go-python3, which was written for 3.7: its missing declarations are in the
// folder compat, which has to come before CPython's headers. configure.py writes such a python3.pc:
//
//	python3 configure.py build && . build/env && go build
package pyembed
