//go:build cgo

package pyembed_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"kizu/pyembed"
)

func TestTheVirtualEnvironmentIsHonoured(t *testing.T) {
	var got struct {
		Prefix     string   `py:"prefix"`
		BasePrefix string   `py:"base_prefix"`
		Executable string   `py:"executable"`
		Version    string   `py:"version"`
		Signals    []string `py:"signals"`
	}
	if err := python(t).Call(context.Background(), "stage.environment", pyembed.Args{}, &got); err != nil {
		t.Fatal(err)
	}
	version, _ := pyembed.Linked()
	if got.Prefix != shared.venv || got.BasePrefix == shared.venv ||
		got.Executable != filepath.Join(shared.venv, "bin", "python3") || got.Version != version {
		t.Errorf("Python runs as %+v, not in %s with %s", got, shared.venv, version)
	}
	if len(got.Signals) > 0 {
		t.Errorf("Python handles %v, which are Go's", got.Signals)
	}
}

// A package installed into the environment is found without any Path.
func TestPackagesOfTheVirtualEnvironmentAreFound(t *testing.T) {
	if !alone(t) {
		return
	}
	venv := newVenv(t)
	found, err := filepath.Glob(filepath.Join(venv, "lib", "python3.*", "site-packages"))
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	if err := os.WriteFile(filepath.Join(found[0], "installed.py"), []byte("def answer(): return 42"), 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := pyembed.Start(pyembed.Config{Python: filepath.Join(venv, "bin", "python3")})
	if err != nil {
		t.Fatal(err)
	}
	var answer int
	if err := p.Call(context.Background(), "installed.answer", pyembed.Args{}, &answer); err != nil || answer != 42 {
		t.Error(answer, err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

func TestPythonStartsOnce(t *testing.T) {
	if !alone(t) {
		return
	}
	p := python(t)
	if _, err := pyembed.Start(testConfig(shared.venv)); err == nil || !strings.Contains(err.Error(), "only be once") {
		t.Errorf("a second start: %v", err)
	}
	for range 2 {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := p.Call(context.Background(), "stage.echo", 1, nil); !errors.Is(err, pyembed.ErrClosed) {
		t.Errorf("a call after Close: %v", err)
	}
	if _, err := pyembed.Start(testConfig(shared.venv)); err == nil || !strings.Contains(err.Error(), "only be once") {
		t.Errorf("a start after Close: %v", err)
	}
}

func TestPythonCannotCloseItself(t *testing.T) {
	if !alone(t) {
		return
	}
	var closer func() error // known only after Start
	config := testConfig(newVenv(t))
	config.Functions = map[string]any{"close": func() error { return closer() }}
	p, err := pyembed.Start(config)
	if err != nil {
		t.Fatal(err)
	}
	closer = p.Close
	var caught []string
	if err := p.Call(context.Background(), "stage.catch_host", "close", &caught); err != nil {
		t.Fatal(err)
	}
	if want := []string{"host.Error", "pyembed: a function called by Python cannot close Python"}; !reflect.DeepEqual(caught, want) {
		t.Errorf("%q", caught)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

// Files and output are UTF-8 under cron too, where no locale is set.
func TestTextIsUTF8WithoutALocale(t *testing.T) {
	if ownProcess == "" {
		t.Setenv("LC_ALL", "C")
	}
	if !alone(t) {
		return
	}
	path := filepath.Join(t.TempDir(), "傷-\xff.txt")
	if err := os.WriteFile(path, []byte("ひび"), 0o644); err != nil {
		t.Fatal(err)
	}
	var read [2]string
	if err := python(t).Call(context.Background(), "stage.read_file", path, &read); err != nil {
		t.Fatal(err)
	}
	if want := [2]string{filepath.Base(path), "ひび"}; read != want {
		t.Errorf("read %q, want %q", read, want)
	}
	if err := python(t).Call(context.Background(), "builtins.print", "傷", nil); err != nil {
		t.Error(err)
	}
}

func TestTheExample(t *testing.T) { runAlone(t, "Example") }
