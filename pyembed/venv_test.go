package pyembed

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fakeVenv lays out a Python installation and a virtual environment made from
// it, and returns the environment's interpreter and the installation's libpython.
func fakeVenv(t *testing.T, config string) (python string, linked library) {
	t.Helper()
	root := t.TempDir()
	for _, file := range []string{"base/bin/python3", "base/lib/libpython3.11.so", "venv/bin/python3"} {
		path := filepath.Join(root, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if config != "" {
		config = strings.ReplaceAll(config, "BASE", filepath.Join(root, "base"))
		if err := os.WriteFile(filepath.Join(root, "venv", "pyvenv.cfg"), []byte(config), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(root, "base", "lib", "libpython3.11.so")
	return filepath.Join(root, "venv", "bin", "python3"), library{version: "3.11.7", headers: "3.11.7", file: file}
}

func TestTheEnvironmentHasToBelongToTheLinkedPython(t *testing.T) {
	t.Setenv("PYTHONHOME", "")
	for name, c := range map[string]struct {
		config string
		change func(python *string, linked *library)
		says   string
	}{
		"as made by venv":       {"home = BASE/bin\nversion = 3.11.7\n", nil, ""},
		"as made by virtualenv": {"home = BASE/bin\nversion_info = 3.11.7.final.0\n", nil, ""},
		"after a patch update":  {"home = BASE/bin\nversion = 3.11.2\n", nil, ""},
		"another version":       {"home = BASE/bin\nversion = 3.12.1\n", nil, "was made from Python 3.12.1"},
		"no environment":        {"", nil, "no pyvenv.cfg"},
		"its Python is gone":    {"home = /nowhere/bin\nversion = 3.11.7\n", nil, "is gone"},
		"same version elsewhere": {
			"home = BASE/bin\nversion = 3.11.7\n",
			func(_ *string, l *library) { l.file = "/usr/lib/libpython3.11.so" },
			"linked with Python 3.11.7 (/usr/lib/libpython3.11.so)",
		},
		"another libpython at run time": {
			"home = BASE/bin\nversion = 3.11.7\n",
			func(_ *string, l *library) { l.version = "3.12.1" },
			"compiled for Python 3.11.7",
		},
		"no interpreter": {
			"home = BASE/bin\nversion = 3.11.7\n",
			func(python *string, _ *library) { *python += "9" },
			"there is no Python at",
		},
		"an interpreter that cannot be reached": {
			"home = BASE/bin\nversion = 3.11.7\n",
			func(python *string, _ *library) { *python += "/python3" },
			"cannot be looked at: not a directory",
		},
	} {
		t.Run(name, func(t *testing.T) {
			python, linked := fakeVenv(t, c.config)
			if c.change != nil {
				c.change(&python, &linked)
			}
			executable, err := checkVenv(python, linked)
			switch {
			case c.says == "" && (err != nil || executable != python):
				t.Errorf("%s, %v", executable, err)
			case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
				t.Errorf("%v, want %s", err, c.says)
			}
		})
	}
}

func TestPythonHomeWouldReplaceTheEnvironment(t *testing.T) {
	python, linked := fakeVenv(t, "home = BASE/bin\nversion = 3.11.7\n")
	t.Setenv("PYTHONHOME", "/usr")
	if _, err := checkVenv(python, linked); err == nil || !strings.Contains(err.Error(), "PYTHONHOME is set") {
		t.Error(err)
	}
}
