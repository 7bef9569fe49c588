//go:build cgo

package pyembed_test

import (
	"context"
	"testing"

	"kizu/pyembed"
)

func BenchmarkCall(b *testing.B) {
	spec := map[string]any{"steps": 150, "prompt": "shs mono solar cell", "images": make([]string, 100)}
	for name, args := range map[string]any{
		"nothing":        nil,
		"spec":           spec,
		"100,000 floats": make([]float64, 100_000),
		"16 MiB":         make([]byte, 16<<20),
	} {
		b.Run(name, func(b *testing.B) {
			p := python(b)
			for b.Loop() {
				if err := p.Call(context.Background(), "stage.kind", args, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkHostFunction(b *testing.B) {
	p := python(b)
	const calls = 1000
	for b.Loop() {
		if err := p.Call(context.Background(), "stage.call_host_often", pyembed.Args{calls}, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*calls), "ns/host-call")
}
