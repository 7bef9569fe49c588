/* What pyembed needs of CPython's C API and go-python3 does not wrap. */
#ifndef PYEMBED_BRIDGE_H
#define PYEMBED_BRIDGE_H

#include <Python.h>
#include <stdint.h>

/* What a Python object is, as far as conversion to Go cares. */
enum pyembed_kind {
	KIND_NONE,
	KIND_BOOL, /* numpy.bool too */
	KIND_INT,
	KIND_FLOAT,
	KIND_STR,
	KIND_BYTES, /* bytes, bytearray, memoryview */
	KIND_SEQUENCE, /* list, tuple */
	KIND_DICT,
	KIND_INDEX, /* another class with __index__, such as numpy.int64 */
	KIND_NUMBER, /* another class with __float__, such as numpy.float32 */
	KIND_OTHER,
};
enum pyembed_kind pyembed_kind(PyObject *object);

/* Use UTF-8 for files and streams whatever the locale; before initialisation. */
void pyembed_use_utf8(void);

/* The file that libpython was loaded from, or NULL. */
const char *pyembed_library(void);

/* A memoryview of pinned Go memory. pyembedUnpin(pin) is called once nothing in
   Python can reach the memory any more; at once if this fails. */
PyObject *pyembed_memoryview(void *data, Py_ssize_t size, int readonly, uintptr_t pin);

/* The memory of a bytes-like object, to be released, or NULL with an exception. */
Py_buffer *pyembed_buffer(PyObject *object);
void pyembed_release_buffer(Py_buffer *view);

/* A Python function that calls pyembedCall with its number. */
PyObject *pyembed_function(const char *name, long number);

#endif
