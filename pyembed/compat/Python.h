/*
 * Found before CPython's own Python.h, which it includes: it supplies what
 * go-python3 (written for CPython 3.7) calls and later CPythons no longer
 * declare, so that go-python3 compiles unmodified on 3.10 to 3.13.
 *
 * pyembed itself calls none of these, so each one does nothing.
 */
#ifndef PYEMBED_COMPAT_PYTHON_H
#define PYEMBED_COMPAT_PYTHON_H

/* Declared by every version's headers, but no longer exported by libpython since
   3.9: the declaration goes to another name, to make room for the one below. */
#define PySignal_SetWakeupFd pyembed_unexported_PySignal_SetWakeupFd
#include_next <Python.h>
#undef PySignal_SetWakeupFd

/* go-python3 wraps functions that later versions deprecate; nobody calls them. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

/* Removed in 3.8: superseded by PyOS_AfterFork_Child. */
#if PY_VERSION_HEX >= 0x03080000
static inline void PyEval_ReInitThreads(void) {}
#endif

/* Removed in 3.9: free lists are internal. They returned the items freed. */
#if PY_VERSION_HEX >= 0x03090000
static inline int PyDict_ClearFreeList(void) { return 0; }
static inline int PyFloat_ClearFreeList(void) { return 0; }
static inline int PyList_ClearFreeList(void) { return 0; }
static inline int PyMethod_ClearFreeList(void) { return 0; }
static inline int PyTuple_ClearFreeList(void) { return 0; }
static inline int PyUnicode_ClearFreeList(void) { return 0; }
/* -1 says that no descriptor was set before. */
static inline int PySignal_SetWakeupFd(int fd) { (void)fd; return -1; }
#endif

/* Removed in 3.13: superseded by PyConfig. */
#if PY_VERSION_HEX >= 0x030D0000
static inline void Py_SetPath(const wchar_t *path) { (void)path; }
static inline int Py_SetStandardStreamEncoding(const char *encoding, const char *errors) {
	(void)encoding;
	(void)errors;
	return -1;
}
static inline void PySys_AddWarnOption(const wchar_t *option) { (void)option; }
static inline void PySys_AddXOption(const wchar_t *option) { (void)option; }
static inline void PySys_SetPath(const wchar_t *path) { (void)path; }
/* Threads have always been initialised since 3.7. */
static inline int PyEval_ThreadsInitialized(void) { return 1; }
#endif

#endif
