//go:build cgo

package pyembed_test

import (
	"context"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

type recipe struct {
	Small    int8
	Unsigned uint16            `py:"unsigned"`
	Rate     float32           `json:"learning_rate"`
	Text     string            `json:"text,omitempty"`
	Prompts  []string          `json:"prompts"`
	Sizes    [3]uint8          `py:"sizes" json:"other"`
	Counts   map[string]uint64 `json:"counts"`
	Layers   map[int][]float64 `json:"layers"`
	Next     *recipe           `json:"next,omitempty"`
	Hidden   chan int          `json:"-"`
	common
}

type common struct {
	Seed int64 `json:"seed"`
}

func recipes(depth int) *rapid.Generator[recipe] {
	return rapid.Custom(func(t *rapid.T) recipe {
		r := recipe{
			Small:    rapid.Int8().Draw(t, "small"),
			Unsigned: rapid.Uint16().Draw(t, "unsigned"),
			Rate:     rapid.Float32().Draw(t, "rate"),
			Text:     rapid.String().Draw(t, "text"),
			Prompts:  rapid.SliceOfN(rapid.String(), 0, 3).Draw(t, "prompts"),
			Counts:   rapid.MapOfN(rapid.String(), rapid.Uint64(), 0, 3).Draw(t, "counts"),
			Layers:   rapid.MapOfN(rapid.Int(), rapid.SliceOfN(rapid.Float64(), 0, 3), 0, 3).Draw(t, "layers"),
			common:   common{rapid.Int64().Draw(t, "seed")},
		}
		for i := range r.Sizes {
			r.Sizes[i] = rapid.Uint8().Draw(t, "size")
		}
		if depth > 0 && rapid.Bool().Draw(t, "more") {
			next := recipes(depth-1).Draw(t, "next")
			r.Next = &next
		}
		return r
	})
}

func TestEveryStructSurvivesTheWayThroughPython(t *testing.T) {
	p := python(t)
	rapid.Check(t, func(t *rapid.T) {
		value := recipes(3).Draw(t, "recipe")
		var back recipe
		if err := p.Call(context.Background(), "stage.echo", value, &back); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(value, back) {
			t.Fatalf("%+v came back as %+v", value, back)
		}
	})
}
