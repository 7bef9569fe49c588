//go:build cgo

package pyembed_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"kizu/pyembed"
)

// supported are the Pythons that configure.py accepts.
var supported = []string{"3.10", "3.11", "3.12", "3.13"}

// insideInterpreters is set in the runs that TestEveryInterpreter starts.
const insideInterpreters = "PYEMBED_INSIDE_INTERPRETERS"

// TestEveryInterpreter runs all tests of this package once more with each other
// supported Python that the machine has.
func TestEveryInterpreter(t *testing.T) {
	if os.Getenv(insideInterpreters) != "" {
		t.Skip("this is such a run")
	}
	if testing.Short() {
		t.Skip("compiles for each Python")
	}
	linked, _ := pyembed.Linked()
	for _, version := range supported {
		t.Run(version, func(t *testing.T) {
			if strings.HasPrefix(linked, version+".") {
				t.Skip("the Python that this run is linked with")
			}
			build := t.TempDir()
			if !configure(version, build) {
				t.Skipf("no Python %s with a shared library and headers on this machine", version)
			}
			command := exec.Command("sh", "-c", `. "$0"/env && exec go test .`, build)
			command.Env = append(os.Environ(), insideInterpreters+"="+version)
			if out, err := command.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// configure writes into a folder how to build for a version of Python, with the
// first interpreter of that version that can be built for.
func configure(version, folder string) bool {
	candidates := []string{"python" + version}
	home, _ := os.UserHomeDir()
	for _, root := range []string{os.Getenv("PYENV_ROOT"), filepath.Join(home, ".pyenv")} {
		found, _ := filepath.Glob(filepath.Join(root, "versions", version+".*", "bin", "python"+version))
		candidates = append(candidates, found...)
	}
	for _, python := range candidates {
		if exec.Command(python, "configure.py", folder).Run() == nil {
			return true
		}
	}
	return false
}
