//go:build cgo

package pyembed_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"kizu/pyembed"
)

// ownProcess names the test that this process was started for, see alone.
var ownProcess = os.Getenv("PYEMBED_TEST")

// A process can start Python once, so all tests share one; those that are about
// starting and ending it, and the example, have a process of their own.
func TestMain(m *testing.M) {
	flag.Parse()
	if ownProcess == "" {
		skip := flag.Lookup("test.skip").Value.String()
		if err := flag.Set("test.skip", strings.TrimPrefix(skip+"|^Example", "|")); err != nil {
			panic(err)
		}
	}
	code := m.Run()
	if shared.runtime != nil {
		if err := shared.runtime.Close(); err != nil {
			fmt.Println(err)
			code = 1
		}
	}
	os.RemoveAll(shared.venv)
	os.Exit(code)
}

var shared struct {
	once    sync.Once
	runtime *pyembed.Runtime
	venv    string
	err     error
}

// python returns the interpreter that the tests of this process share.
func python(t testing.TB) *pyembed.Runtime {
	t.Helper()
	shared.once.Do(func() {
		shared.venv, shared.err = makeVenv()
		if shared.err == nil {
			shared.runtime, shared.err = pyembed.Start(testConfig(shared.venv))
		}
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.runtime
}

func testConfig(venv string) pyembed.Config {
	return pyembed.Config{
		Python:    filepath.Join(venv, "bin", "python3"),
		Path:      []string{"testdata"},
		Functions: hostFunctions,
	}
}

// makeVenv makes a virtual environment from the Python that this test is linked
// with, and nothing installed in it.
func makeVenv() (string, error) {
	base, err := linkedPython()
	if err != nil {
		return "", err
	}
	folder, err := os.MkdirTemp("", "pyembed-venv-")
	if err != nil {
		return "", err
	}
	out, err := exec.Command(base, "-m", "venv", "--without-pip", folder).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s -m venv: %w\n%s", base, err, out)
	}
	return folder, nil
}

// newVenv is makeVenv for one test.
func newVenv(t *testing.T) string {
	t.Helper()
	venv, err := makeVenv()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(venv) })
	return venv
}

// linkedPython is the interpreter that belongs to the libpython of this process:
// its prefix is one of the folders above the library.
func linkedPython() (string, error) {
	version, library := pyembed.Linked()
	name := "python" + version[:strings.LastIndexByte(version, '.')]
	for folder := filepath.Dir(library); folder != "/"; folder = filepath.Dir(folder) {
		if base := filepath.Join(folder, "bin", name); exec.Command(base, "-V").Run() == nil {
			return base, nil
		}
	}
	return "", fmt.Errorf("no bin/%s above %s", name, library)
}

// alone runs a test in a process of its own, and returns true in that process.
func alone(t *testing.T) bool {
	t.Helper()
	if ownProcess == t.Name() {
		return true
	}
	runAlone(t, t.Name())
	return false
}

func runAlone(t *testing.T, name string) {
	t.Helper()
	command := exec.Command(os.Args[0], "-test.run=^"+name+"$", "-test.v")
	command.Env = append(os.Environ(), "PYEMBED_TEST="+name)
	out, err := command.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+name) {
		t.Fatalf("%v\n%s", err, out)
	}
}

// What the tests see of the calls that Python makes.
var (
	added    atomic.Int64
	progress = make(chan [3]any, 100)
	logged   = make(chan string, 100)
)

var hostFunctions = map[string]any{
	"progress": func(done, total int, fields map[string]any) { progress <- [3]any{done, total, fields} },
	"report":   func(done, total int, fields map[string]any) {},
	"log":      func(message string) { logged <- message },
	"add":      func(n int64) int64 { return added.Add(n) },
	"join":     func(separator string, parts ...string) string { return strings.Join(parts, separator) },
	"divide":   divide,
	"panic":    func() { panic("on purpose") },
	"describe": func(p point) string { return fmt.Sprintf("%+v", p) },
	"channel":  func() any { return make(chan int) },
	"size":     func(data []byte) int { return len(data) },
	"nested":   callAgain,
}

type point struct {
	X, Y int
	Name string `py:"name"`
}

func divide(a, b float64) (float64, error) {
	if b == 0 {
		return 0, fmt.Errorf("%g divided by zero", a)
	}
	return a / b, nil
}
