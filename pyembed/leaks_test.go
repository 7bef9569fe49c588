//go:build cgo

package pyembed_test

import (
	"context"
	"testing"

	"kizu/pyembed"
)

// Objects whose references every kind of call touches.
var watched = []string{
	"echo", "fail", "StageError", "StageError.__dict__", "sys.modules[__name__]", "host", "host.add", "host.divide",
	"host.Error", "ValueError", "TypeError", "list", "dict", "sys.stdout", "sys.stderr", "host.cancelled", "kept",
}

type measured struct {
	Blocks     int `py:"blocks"`     // of memory that Python has allocated
	Objects    int `py:"objects"`    // that its garbage collector knows
	References int `py:"references"` // to the watched objects
}

func measure(t *testing.T) (m measured) {
	t.Helper()
	if err := python(t).Call(context.Background(), "stage.measure", watched, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestTenThousandCallsLeaveNothingBehind(t *testing.T) {
	type call struct {
		function string
		args     any
	}
	value := map[string]any{"text": "x", "list": []any{1, 2.5, nil, []byte("y")}, "dict": map[int]bool{1: true}}
	calls := []call{
		{"stage.echo", value},
		{"stage.spread", pyembed.Args{value, value, pyembed.Kwargs{"key": value}}},
		{"stage.echo", []any{value, make(chan int)}},
		{"stage.evaluate", "[1, {2}]"},
		{"stage.evaluate", "[Whole(1), Scalar(2), Whole(0.5), -2**100]"},
		{"stage.evaluate", "{'a': 1, (2, 3): 4}"},
		{"stage.fail", "StageError"},
		{"stage.fail", "Unprintable"},
		{"stage.fail_with_cause", pyembed.Args{}},
		{"missing.function", 1},
		{"stage.missing", 1},
		{"stage.call_host", pyembed.Args{"divide", 1, 2}},
		{"stage.call_host", pyembed.Args{"divide", 1, 0}},
		{"stage.call_host", pyembed.Args{"panic"}},
		{"stage.call_host", pyembed.Args{"divide", "x", "y"}},
		{"stage.call_host", pyembed.Args{"join", ",", "a", "b"}},
		{"stage.call_host", pyembed.Args{"nested", 2}},
		{"stage.call_host", pyembed.Args{"size", pyembed.Buffer("1234")}},
		{"stage.call_host", pyembed.Args{"describe", pyembed.Kwargs{"x": 1}}},
		{"stage.write", pyembed.Buffer("1234")},
	}
	p := python(t)
	round := func(times int) {
		for i := range times {
			var result any
			c := calls[i%len(calls)]
			_ = p.Call(context.Background(), c.function, c.args, &result) // many are meant to fail
		}
	}
	round(2000)
	// One reference lost in one of the twenty calls would be 500 in every round.
	// CPython's cache of attribute look-ups, which holds up to 4,096 names by their
	// address, grows by some hundreds at first, also in plain Python, but settles.
	const noise, rounds = 100, 5
	before := measure(t)
	for range rounds {
		round(10_000)
		after := measure(t)
		if after.Blocks-before.Blocks < noise && after.Objects-before.Objects < noise && after.References-before.References < noise {
			return
		}
		t.Logf("Python grew from %+v to %+v", before, after)
		before = after
	}
	t.Errorf("Python grows with every ten thousand calls, %d times over", rounds)
}
