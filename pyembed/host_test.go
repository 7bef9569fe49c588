//go:build cgo

package pyembed_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"kizu/pyembed"
)

func TestPythonReportsProgress(t *testing.T) {
	if err := python(t).Call(context.Background(), "stage.report", 3, nil); err != nil {
		t.Fatal(err)
	}
	for done := range 3 {
		want := [3]any{done, 3, map[string]any{"loss": 1 / float64(done+1), "stage": "test"}}
		if got := <-progress; !reflect.DeepEqual(got, want) {
			t.Errorf("progress %v, want %v", got, want)
		}
	}
}

func TestPythonCallsGo(t *testing.T) {
	for _, c := range []struct {
		args pyembed.Args
		want any
	}{
		{pyembed.Args{"divide", 1, 4}, 0.25},
		{pyembed.Args{"join", ","}, ""},
		{pyembed.Args{"join", ",", "a", "b"}, "a,b"},
		{pyembed.Args{"describe", map[string]any{"X": 1, "Y": 2, "name": "n"}}, "{X:1 Y:2 Name:n}"},
		{pyembed.Args{"size", []byte("1234")}, int64(4)},
		{pyembed.Args{"size"}, int64(0)},
		{pyembed.Args{"cancelled"}, false},
		{pyembed.Args{"log", "hello"}, nil},
		{pyembed.Args{"progress", 1, 2}, nil},
		{pyembed.Args{"progress", 1, 2, nil}, nil},
		{pyembed.Args{"progress", 1, 2, pyembed.Kwargs{"loss": 0.5}}, nil},
		{pyembed.Args{"nested", 5}, int64(120)},
	} {
		var got any
		if err := python(t).Call(context.Background(), "stage.call_host", c.args, &got); err != nil {
			t.Errorf("%v: %v", c.args, err)
		} else if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%v is %#v, want %#v", c.args, got, c.want)
		}
	}
	if got := <-logged; got != "hello" {
		t.Errorf("logged %q", got)
	}
	for _, want := range []map[string]any{nil, nil, {"loss": 0.5}} {
		if got := <-progress; !reflect.DeepEqual(got, [3]any{1, 2, want}) {
			t.Errorf("progress %v, want fields %v", got, want)
		}
	}
}

func TestMistakesAndErrorsOfGoFunctionsAreExceptions(t *testing.T) {
	for _, c := range []struct {
		args  pyembed.Args
		class string
		says  string
	}{
		{pyembed.Args{"progress", 1}, "builtins.TypeError", "progress() takes 2 to 3 arguments, not 1"},
		{pyembed.Args{"divide", 1, 2, 3}, "builtins.TypeError", "divide() takes 2 arguments, not 3"},
		{pyembed.Args{"join"}, "builtins.TypeError", "join() takes 1 or more arguments, not 0"},
		{pyembed.Args{"join", ",", 1}, "builtins.TypeError", "join() argument 2: Python's int where Go's string is expected"},
		{pyembed.Args{"describe", map[string]any{"X": "1"}}, "builtins.TypeError", "describe() argument 1.X: Python's str"},
		{pyembed.Args{"channel"}, "builtins.TypeError", "result of channel(): a Go chan int has no counterpart"},
		{pyembed.Args{"divide", 1, 0}, "host.Error", "1 divided by zero"},
		{pyembed.Args{"panic"}, "host.Error", "panic in panic(): on purpose"},
	} {
		var caught [2]string
		if err := python(t).Call(context.Background(), "stage.catch_host", c.args, &caught); err != nil {
			t.Errorf("%v: %v", c.args, err)
		} else if caught[0] != c.class || !strings.HasPrefix(caught[1], c.says) {
			t.Errorf("%v raised %q, want %s: %s", c.args, caught, c.class, c.says)
		}
	}
	err := python(t).Call(context.Background(), "stage.call_host", pyembed.Args{"divide", 1, 1, pyembed.Kwargs{"c": 1}}, nil)
	if err == nil || !strings.Contains(err.Error(), "divide() takes no keyword arguments") {
		t.Error(err)
	}
}

// callAgain computes a factorial through Go, Python, Go, …
func callAgain(n int) (int, error) {
	if n == 0 {
		return 1, nil
	}
	var rest int
	err := shared.runtime.Call(context.Background(), "stage.call_host", pyembed.Args{"nested", n - 1}, &rest)
	return n * rest, err
}

func TestHostFunctionsThatCannotBe(t *testing.T) {
	for name, c := range map[string]struct {
		function any
		says     string
	}{
		"cancelled": {func() {}, "built in"},
		"Error":     {func() {}, "built in"},
		"two words": {func() {}, "letters, digits"},
		"number":    {1, "not a function"},
		"nothing":   {(func())(nil), "not a function"},
		"pair":      {func() (int, int) { return 0, 0 }, "at most a value and an error"},
	} {
		config := testConfig(venvOf(t))
		config.Functions = map[string]any{name: c.function}
		if _, err := pyembed.Start(config); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %s", name, err, c.says)
		}
	}
}

func venvOf(t *testing.T) string {
	python(t)
	return shared.venv
}

func TestCancellationReachesPython(t *testing.T) {
	for _, ending := range []string{"raise", "return"} {
		ctx, cancel := context.WithCancel(context.Background())
		go func() {
			<-logged // Python is waiting
			cancel()
		}()
		var got string
		err := python(t).Call(ctx, "stage.wait_for_cancel", ending, &got)
		raised, isPython := errors.AsType[*pyembed.PythonError](err)
		switch ending {
		case "raise":
			if !errors.Is(err, context.Canceled) || !isPython || raised.Type != "stage.StageError" {
				t.Errorf("%v, want both the cancellation and the StageError", err)
			}
		case "return":
			if err != nil || got != "return" {
				t.Errorf("%q, %v, want what Python returned all the same", got, err)
			}
		}
	}
}

func TestADoneContextStartsNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	before := added.Load()
	err := python(t).Call(ctx, "stage.call_host", pyembed.Args{"add", 1}, nil)
	if !errors.Is(err, context.Canceled) || added.Load() != before {
		t.Error(err, added.Load()-before)
	}
}

func TestACallThatWaitsForItsTurnCanBeCancelled(t *testing.T) {
	first, endFirst := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- python(t).Call(first, "stage.wait_for_cancel", "return", nil) }()
	<-logged
	second, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	if err := python(t).Call(second, "stage.echo", 1, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	endFirst()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
