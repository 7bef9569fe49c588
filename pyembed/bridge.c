#define _GNU_SOURCE /* dladdr */
#include "bridge.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "_cgo_export.h"

enum pyembed_kind pyembed_kind(PyObject *object)
{
	if (object == Py_None)
		return KIND_NONE;
	const char *name = Py_TYPE(object)->tp_name;
	/* NumPy's bool is no subclass, and would be taken for a number. */
	if (PyBool_Check(object) || strcmp(name, "numpy.bool") == 0 || strcmp(name, "numpy.bool_") == 0)
		return KIND_BOOL;
	if (PyLong_Check(object))
		return KIND_INT;
	if (PyFloat_Check(object))
		return KIND_FLOAT;
	if (PyUnicode_Check(object))
		return KIND_STR;
	if (PyBytes_Check(object) || PyByteArray_Check(object) || PyMemoryView_Check(object))
		return KIND_BYTES;
	if (PyList_Check(object) || PyTuple_Check(object))
		return KIND_SEQUENCE;
	if (PyDict_Check(object))
		return KIND_DICT;
	if (PyIndex_Check(object))
		return KIND_INDEX;
	PyNumberMethods *number = Py_TYPE(object)->tp_as_number;
	if (number != NULL && number->nb_float != NULL)
		return KIND_NUMBER;
	return KIND_OTHER;
}

void pyembed_use_utf8(void)
{
	Py_UTF8Mode = 1; /* deprecated for PyConfig, which Py_InitializeEx does not read */
}

const char *pyembed_library(void)
{
	Dl_info info;
	return dladdr((void *)Py_GetVersion, &info) == 0 ? NULL : info.dli_fname;
}

/* An object that lends Go memory to as many memoryviews, arrays and tensors as
   Python likes to make from it. */
typedef struct {
	PyObject_HEAD
	void *data;
	Py_ssize_t size;
	int readonly;
	uintptr_t pin;
} GoMemory;

static int go_memory_getbuffer(PyObject *self, Py_buffer *view, int flags)
{
	GoMemory *memory = (GoMemory *)self;
	return PyBuffer_FillInfo(view, self, memory->data, memory->size, memory->readonly, flags);
}

static void go_memory_dealloc(PyObject *self)
{
	PyTypeObject *type = Py_TYPE(self);
	pyembedUnpin(((GoMemory *)self)->pin);
	type->tp_free(self);
	Py_DECREF(type);
}

static PyType_Slot go_memory_slots[] = {
	{Py_bf_getbuffer, go_memory_getbuffer},
	{Py_tp_dealloc, go_memory_dealloc},
	{0, NULL},
};

static PyType_Spec go_memory_spec = {
	.name = "host.GoMemory",
	.basicsize = sizeof(GoMemory),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
	.slots = go_memory_slots,
};

PyObject *pyembed_memoryview(void *data, Py_ssize_t size, int readonly, uintptr_t pin)
{
	static PyObject *type; /* guarded by the GIL */
	static char nothing;
	if (type == NULL)
		type = PyType_FromSpec(&go_memory_spec);
	GoMemory *memory = type == NULL ? NULL : PyObject_New(GoMemory, (PyTypeObject *)type);
	if (memory == NULL) {
		pyembedUnpin(pin);
		return NULL;
	}
	memory->data = size == 0 ? &nothing : data;
	memory->size = size;
	memory->readonly = readonly;
	memory->pin = pin;
	PyObject *view = PyMemoryView_FromObject((PyObject *)memory);
	Py_DECREF(memory);
	return view;
}

Py_buffer *pyembed_buffer(PyObject *object)
{
	/* Not in Go's memory: an exporter may keep pointers into the view itself. */
	Py_buffer *view = PyMem_Malloc(sizeof *view);
	if (view == NULL) {
		PyErr_NoMemory();
		return NULL;
	}
	if (PyObject_GetBuffer(object, view, PyBUF_SIMPLE) != 0) {
		PyMem_Free(view);
		return NULL;
	}
	return view;
}

void pyembed_release_buffer(Py_buffer *view)
{
	PyBuffer_Release(view);
	PyMem_Free(view);
}

static PyObject *trampoline(PyObject *self, PyObject *args, PyObject *kwargs)
{
	return pyembedCall(PyLong_AsLong(self), args, kwargs);
}

PyObject *pyembed_function(const char *name, long number)
{
	/* Functions live as long as the process: Python keeps both pointers. */
	PyMethodDef *definition = calloc(1, sizeof *definition);
	char *copy = strdup(name);
	PyObject *self = PyLong_FromLong(number);
	if (definition == NULL || copy == NULL || self == NULL) {
		free(definition);
		free(copy);
		Py_XDECREF(self);
		return PyErr_NoMemory();
	}
	definition->ml_name = copy;
	definition->ml_meth = (PyCFunction)(void (*)(void))trampoline;
	definition->ml_flags = METH_VARARGS | METH_KEYWORDS;
	PyObject *function = PyCFunction_New(definition, self);
	Py_DECREF(self);
	return function;
}
