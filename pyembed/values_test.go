//go:build cgo

package pyembed_test

import (
	"context"
	"math"
	"math/big"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"kizu/pyembed"
)

// anyValue draws what an any can hold after a way through Python.
func anyValue(depth int) *rapid.Generator[any] {
	leaves := []*rapid.Generator[any]{
		rapid.Just[any](nil),
		rapid.Bool().AsAny(),
		rapid.Int64().AsAny(),
		rapid.Float64().AsAny(),
		rapid.String().AsAny(),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) any { return string(b) }), // no UTF-8
	}
	if depth == 0 {
		return rapid.OneOf(leaves...)
	}
	inner := rapid.Deferred(func() *rapid.Generator[any] { return anyValue(depth - 1) })
	return rapid.OneOf(append(leaves,
		rapid.Map(rapid.SliceOfN(inner, 0, 5), func(s []any) any { return s }),
		rapid.Map(rapid.MapOfN(rapid.String(), inner, 0, 5), func(m map[string]any) any { return m }),
	)...)
}

func TestEveryValueSurvivesTheWayThroughPython(t *testing.T) {
	p := python(t)
	rapid.Check(t, func(t *rapid.T) {
		value := anyValue(3).Draw(t, "value")
		var back any
		if err := p.Call(context.Background(), "stage.echo", value, &back); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(value, back) {
			t.Fatalf("%#v came back as %#v", value, back)
		}
	})
}

func TestWhatPythonSees(t *testing.T) {
	for _, c := range []struct {
		value any
		want  string
	}{
		{nil, "NoneType"},
		{true, "bool"},
		{uint64(math.MaxUint64), "int"},
		{math.NaN(), "float"},
		{"x", "str"},
		{[]byte("x"), "memoryview"},
		{[]string(nil), "list"},
		{[2]int{}, "list"},
		{map[string]int(nil), "dict"},
		{struct{}{}, "dict"},
		{(*int)(nil), "NoneType"},
		{new(big.Int), "int"},
	} {
		var kind string
		if err := python(t).Call(context.Background(), "stage.kind", c.value, &kind); err != nil {
			t.Fatal(err)
		}
		if kind != c.want {
			t.Errorf("%#v is a %s in Python, want %s", c.value, kind, c.want)
		}
	}
}

func TestWhatGoSees(t *testing.T) {
	var (
		number  int
		unsign  uint64
		float   float64
		small   float32
		pointer *int
		list    []any
		bytes   []byte
		large   big.Int
		unknown any
		keys    map[bool]string
		truth   bool
		pair    [2]int
		gone    = map[string]int{"x": 1}
	)
	one := 1
	for _, c := range []struct {
		expression string
		target     any
		want       any
	}{
		{"Whole(3)", &number, 3},
		{"Whole(2**64 - 1)", &unsign, uint64(math.MaxUint64)},
		{"Scalar(0.5)", &float, 0.5},
		{"7", &float, 7.0},
		{"float('-inf')", &small, float32(math.Inf(-1))},
		{"1", &pointer, &one},
		{"None", &pointer, (*int)(nil)},
		{"(1, [2.5], None)", &list, []any{int64(1), []any{2.5}, nil}},
		{"bytearray(b'a\\0b')", &bytes, []byte("a\x00b")},
		{"memoryview(b'')", &bytes, []byte{}},
		{"-2**100", &large, *new(big.Int).Neg(new(big.Int).Lsh(big.NewInt(1), 100))},
		{"b'x'", &unknown, []byte("x")},
		{"Whole(3)", &unknown, int64(3)},
		{"Whole(0.5)", &unknown, 0.5},
		{"Scalar(0.5)", &unknown, 0.5},
		{"{True: 'yes'}", &keys, map[bool]string{true: "yes"}},
		{"not False", &truth, true},
		{"(1, 2)", &pair, [2]int{1, 2}},
		{"None", &gone, map[string]int(nil)},
	} {
		if err := python(t).Call(context.Background(), "stage.evaluate", c.expression, c.target); err != nil {
			t.Errorf("%s: %v", c.expression, err)
			continue
		}
		if got := reflect.ValueOf(c.target).Elem().Interface(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s is %#v in Go, want %#v", c.expression, got, c.want)
		}
	}
}

func TestArguments(t *testing.T) {
	for _, c := range []struct {
		args   any
		args2  []any
		kwargs map[string]any
	}{
		{pyembed.Args{}, []any{}, map[string]any{}},
		{nil, []any{nil}, map[string]any{}},
		{[]int{1, 2}, []any{[]any{int64(1), int64(2)}}, map[string]any{}},
		{pyembed.Args{1, "two"}, []any{int64(1), "two"}, map[string]any{}},
		{pyembed.Kwargs{"a": 1}, []any{}, map[string]any{"a": int64(1)}},
		{pyembed.Args{1, pyembed.Kwargs{"b": true}}, []any{int64(1)}, map[string]any{"b": true}},
	} {
		var got struct {
			Args   []any          `py:"args"`
			Kwargs map[string]any `py:"kwargs"`
		}
		if err := python(t).Call(context.Background(), "stage.spread", c.args, &got); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got.Args, c.args2) || !reflect.DeepEqual(got.Kwargs, c.kwargs) {
			t.Errorf("%#v arrived as %v %v", c.args, got.Args, got.Kwargs)
		}
	}
}
