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

// Each value without a counterpart is an error that says where it is.
func TestValuesThatPythonCannotHave(t *testing.T) {
	type node struct{ Next any }
	circle := &node{}
	circle.Next = circle
	for _, c := range []struct {
		value      any
		path, says string
	}{
		{make(chan int), "argument 1", "chan int has no counterpart"},
		{map[string]any{"images": []any{1, func() {}}}, "argument 1[images][1]", "func() has no counterpart"},
		{struct {
			Size complex128 `json:"size"`
		}{}, "argument 1.size", "complex128 has no counterpart"},
		{time.Time{}, "argument 1", "time.Time has no exported fields"},
		{map[[1]int]int{{1}: 1}, "argument 1[[1]]", "cannot be a key"},
		{circle, "", "nested more than 1000 deep"},
		{pyembed.Args{1, make(chan int)}, "argument 2", "chan int"},
		{pyembed.Kwargs{"x": make(chan int)}, "keyword argument [x]", "chan int"},
	} {
		err := python(t).Call(context.Background(), "stage.spread", c.value, nil)
		conversion, ok := errors.AsType[*pyembed.ConversionError](err)
		if !ok || !strings.HasPrefix(conversion.Path, c.path) || !strings.Contains(conversion.Reason, c.says) {
			t.Errorf("%T: %v, want %s: … %s", c.value, err, c.path, c.says)
		}
	}
}

func TestValuesThatGoCannotHave(t *testing.T) {
	type result struct {
		Steps  int8     `json:"steps"`
		Images []string `json:"images"`
		Loss   *float32 `json:"loss"`
		Pair   [2]int   `json:"pair"`
		Data   []byte   `json:"data"`
		Done   bool     `json:"done"`
		Any    any      `json:"any"`
		Err    error    `json:"err"`
		Size   uint     `json:"size"`
		Inner  *result  `json:"inner"`
		Keys   map[string]int
		Odd    map[any]int
		Signal chan int
	}
	for _, c := range []struct{ expression, path, says string }{
		{"3", "result", "Python's int where Go's pyembed_test.result is expected"},
		{"{'steps': 128}", "result.steps", "int 128 does not fit into Go's int8"},
		{"{'steps': 2**200}", "result.steps", "does not fit into Go's int8"},
		{"{'steps': 1.0}", "result.steps", "Python's float where Go's int8"},
		{"{'steps': True}", "result.steps", "Python's bool"},
		{"{'steps': Whole(0.5)}", "result.steps", "Python's stage.Whole where"},
		{"{'size': -1}", "result.size", "int -1 does not fit into Go's uint"},
		{"{'images': ['a', 'b', None]}", "result.images[2]", "Python's NoneType where Go's string"},
		{"{'images': 'abc'}", "result.images", "Python's str where Go's []string"},
		{"{'images': ['\\ud800']}", "result.images[0]", "lone surrogates"},
		{"{'loss': 1e300}", "result.loss", "float 1e+300 does not fit into Go's float32"},
		{"{'loss': 10**400}", "result.loss", "does not fit into Go's float32"},
		{"{'loss': '1'}", "result.loss", "Python's str where"},
		{"{'pair': [1, 2, 3]}", "result.pair", "3 items where 2 are expected"},
		{"{'data': 'text'}", "result.data", "Python's str where Go's []uint8"},
		{"{'data': memoryview(b'abcd')[::2]}", "result.data", "Python's memoryview where"},
		{"{'done': 1}", "result.done", "Python's int where Go's bool"},
		{"{'any': {1, 2}}", "result.any", "Python's set has no counterpart"},
		{"{'any': {1: 2}}", "result.any's key", "Python's int where Go's string"},
		{"{'any': 2**64}", "result.any", "int 18446744073709551616 does not fit into Go's int64"},
		{"{'err': 1}", "result.err", "Go error has no counterpart"},
		{"{'inner': {'inner': {'steps': ''}}}", "result.inner.inner.steps", "Python's str where"},
		{"{'Keys': {'a': ''}}", "result.Keys[a]", "Python's str where"},
		{"{'Odd': {(1,): 1}}", "result.Odd", "key that is a Python tuple"},
		{"{'Signal': 1}", "result.Signal", "chan int has no counterpart"},
		{"(l := [], l.append(l))[0]", "result", "Python's list where"},
		{"{'any': (l := [], l.append(l))[0]}", "result.any[0][0]", "nested more than 1000 deep"},
	} {
		var got result
		err := python(t).Call(context.Background(), "stage.evaluate", c.expression, &got)
		conversion, ok := errors.AsType[*pyembed.ConversionError](err)
		if !ok || !strings.HasPrefix(conversion.Path, c.path) || !strings.Contains(conversion.Reason, c.says) {
			t.Errorf("%s: %v, want %s: … %s", c.expression, err, c.path, c.says)
		}
	}
}

func TestCallsThatAreMistakes(t *testing.T) {
	var number int
	for _, c := range []struct {
		function string
		result   any
		says     string
	}{
		{"stage", nil, "module.function"},
		{".echo", nil, "module.function"},
		{"stage.", nil, "module.function"},
		{"stage.echo", number, "is no pointer"},
		{"stage.echo", (*int)(nil), "or nil"},
		{"missing.echo", nil, "No module named 'missing'"},
		{"stage.missing", nil, "has no attribute 'missing'"},
		{"stage.StageError.missing", nil, "No module named 'stage.StageError'"},
		{"stage.ticks", nil, "'int' object is not callable"},
	} {
		err := python(t).Call(context.Background(), c.function, 1, c.result)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s into %T: %v, want %s", c.function, c.result, err, c.says)
		}
	}
}

func TestExceptions(t *testing.T) {
	for _, c := range []struct{ function, argument, class, message string }{
		{"stage.fail", "StageError", "stage.StageError", "on purpose"},
		{"stage.fail", "ValueError", "ValueError", "on purpose"},
		{"stage.fail", "SystemExit", "SystemExit", "on purpose"},
		{"stage.fail", "KeyboardInterrupt", "KeyboardInterrupt", "on purpose"},
		{"stage.fail", "GeneratorExit", "GeneratorExit", "on purpose"},
		{"stage.fail", "MemoryError", "MemoryError", "on purpose"},
		{"stage.fail", "Unprintable", "stage.Unprintable", "<no text: str() failed>"},
		{"stage.evaluate", "1 +", "SyntaxError", "invalid syntax (<string>, line 1)"},
		{"stage.evaluate", "fail_with_cause()", "stage.StageError", "the study has no such image"},
		{"stage.evaluate", "recurse()", "RecursionError", "maximum recursion depth exceeded"},
		{"stage.evaluate", "StageError()", "", ""},
	} {
		err := python(t).Call(context.Background(), c.function, c.argument, nil)
		raised, ok := errors.AsType[*pyembed.PythonError](err)
		if c.class == "" {
			if err != nil {
				t.Errorf("%s: %v", c.argument, err)
			}
			continue
		}
		if !ok || raised.Type != c.class || !strings.HasPrefix(raised.Message, c.message) {
			t.Errorf("%s: %#v, want %s: %s", c.argument, err, c.class, c.message)
			continue
		}
		if !strings.HasPrefix(raised.Traceback, "Traceback (most recent call last):\n") &&
			!strings.Contains(raised.Traceback, "The above exception was the direct cause") {
			t.Errorf("%s: traceback %q", c.argument, raised.Traceback)
		}
		if want := c.class + ": " + raised.Message; raised.Error() != want {
			t.Errorf("error is %q, want %q", raised.Error(), want)
		}
	}
	var alive string
	if err := python(t).Call(context.Background(), "stage.echo", "alive", &alive); err != nil || alive != "alive" {
		t.Errorf("after all that: %q, %v", alive, err)
	}
}

func TestCausesAreInTheTraceback(t *testing.T) {
	err := python(t).Call(context.Background(), "stage.fail_with_cause", pyembed.Args{}, nil)
	raised, _ := errors.AsType[*pyembed.PythonError](err)
	for _, part := range []string{
		"KeyError: 'missing'", "direct cause", "in fail_with_cause",
		"stage.StageError: the study has no such image", "stage.py",
	} {
		if !strings.Contains(raised.Traceback, part) {
			t.Errorf("the traceback lacks %q:\n%s", part, raised.Traceback)
		}
	}
}

func TestAFailedConversionLeavesNoExceptionBehind(t *testing.T) {
	p := python(t)
	for range 3 {
		var wrong []int
		if err := p.Call(context.Background(), "stage.echo", "text", &wrong); err == nil {
			t.Fatal("a str became a []int")
		}
		var right map[string]any
		want := map[string]any{"x": int64(1)}
		if err := p.Call(context.Background(), "stage.echo", want, &right); err != nil || !reflect.DeepEqual(want, right) {
			t.Fatal(right, err)
		}
	}
}
