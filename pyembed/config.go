package pyembed

import "errors"

// Config says which Python to run and what it can see.
type Config struct {
	// Python is the interpreter of the virtual environment to use, such as
	// .venv/bin/python3. Its packages are importable, and sys.executable is
	// this file, so that processes which Python starts see the same.
	Python string
	// Path is put at the front of sys.path.
	Path []string
	// Functions become functions of the Python module host. See the package
	// documentation for how Python calls them.
	Functions map[string]any
}

// Args are the positional arguments of a Call that has not exactly one. Kwargs
// as the last of them are keyword arguments.
type Args []any

// Kwargs are the keyword arguments of a Call.
type Kwargs map[string]any

// Buffer is memory that Python may write to: in an argument, it is seen as a
// writable memoryview, where a plain []byte is seen as a read-only one. It is
// how large results come back without a copy.
type Buffer []byte

// ErrClosed says that Close was called.
var ErrClosed = errors.New("pyembed: Python is closed")
