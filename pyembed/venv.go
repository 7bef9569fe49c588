package pyembed

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// library is the libpython of this process.
type library struct {
	version string // 3.11.7, of the library that is loaded
	headers string // 3.11.7, of the headers that pyembed was compiled with
	file    string // where it was loaded from
}

// checkVenv makes sure that a virtual environment's interpreter exists and that the environment was
// made from the Python that this process is linked with. Two Pythons of one machine otherwise mix
// without a word: libpython of one, standard library and extension modules of the other. It returns
// the interpreter's absolute path.
func checkVenv(python string, linked library) (string, error) {
	if minor(linked.version) != minor(linked.headers) {
		return "", fmt.Errorf("pyembed: compiled for Python %s, but %s is Python %s: build again",
			linked.headers, linked.file, linked.version)
	}
	if home := os.Getenv("PYTHONHOME"); home != "" {
		return "", fmt.Errorf("pyembed: PYTHONHOME is set (%s) and would replace the virtual environment's Python: unset it", home)
	}
	executable, err := filepath.Abs(python)
	if err != nil {
		return "", fmt.Errorf("pyembed: %w", err)
	}
	if _, err := os.Stat(executable); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("pyembed: the Python at %s cannot be looked at: %w", executable, errors.Unwrap(err))
	} else if err != nil {
		return "", fmt.Errorf("pyembed: there is no Python at %s: make the virtual environment first", executable)
	}
	settings, err := readVenv(filepath.Dir(filepath.Dir(executable)))
	if err != nil {
		return "", err
	}
	version := settings["version"]
	if version == "" {
		version = settings["version_info"] // what virtualenv and uv write
	}
	if minor(version) != minor(linked.version) || !belongsTo(linked.file, settings["home"]) {
		return "", fmt.Errorf("pyembed: %s was made from Python %s in %s, but this program is linked with Python %s (%s): "+
			"make the virtual environment again, or build the program for its Python",
			executable, version, settings["home"], linked.version, linked.file)
	}
	return executable, nil
}

// readVenv reads pyvenv.cfg: lines of "key = value".
func readVenv(folder string) (map[string]string, error) {
	text, err := os.ReadFile(filepath.Join(folder, "pyvenv.cfg"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("pyembed: %s is not a virtual environment: it has no pyvenv.cfg", folder)
	}
	if err != nil {
		return nil, fmt.Errorf("pyembed: %w", err)
	}
	settings := map[string]string{}
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(line, "=")
		settings[strings.TrimSpace(key)] = strings.TrimSpace(value)
	}
	if _, err := os.Stat(settings["home"]); err != nil {
		return nil, fmt.Errorf("pyembed: %s was made from a Python in %q, which is gone: make it again", folder, settings["home"])
	}
	return settings, nil
}

// belongsTo tells whether a libpython is that of the interpreter in the folder
// home. Only the folder is compared, since a security update changes the patch
// version of both under an existing environment.
func belongsTo(libpython, home string) bool {
	prefix := filepath.Dir(resolve(home))
	folders := []string{prefix, filepath.Join(prefix, "lib"), filepath.Join(prefix, "lib64")}
	multiarch, _ := filepath.Glob(filepath.Join(prefix, "lib", "*-*-*")) // x86_64-linux-gnu
	return slices.Contains(append(folders, multiarch...), filepath.Dir(resolve(libpython)))
}

func resolve(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}

// minor is the part of a version that compiled code depends on: 3.11.
func minor(version string) string {
	parts := strings.SplitN(version, ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}

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
