//go:build cgo

package pyembed_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"kizu/pyembed"
)

// BenchmarkCall is Go → Python → Go: what a call of a function that does
// nothing takes, by what it is given.
func BenchmarkCall(b *testing.B) {
	names := make([]string, 1000)
	for i := range names {
		names[i] = "image " + strconv.Itoa(i)
	}
	for _, bench := range []struct {
		name string
		args any
	}{
		{"nothing", nil},
		{"three fields", map[string]any{"steps": 150, "rate": 1e-4, "prompt": "shs mono solar cell"}},
		{"1000 floats", make([]float64, 1000)},
		{"1000 strings", names},
		{"100000 floats", make([]float64, 100_000)},
		{"16 MiB", make([]byte, 16<<20)},
	} {
		b.Run(bench.name, func(b *testing.B) {
			p := python(b)
			for b.Loop() {
				if err := p.Call(context.Background(), "stage.kind", bench.args, nil); err != nil {
					b.Fatal(err)
				}
			}
			reportMicroseconds(b, b.N)
		})
	}
}

// BenchmarkHostFunction is Python → Go → Python: what a call of a Go function
// that does nothing takes, once the one with three arguments of host.progress.
func BenchmarkHostFunction(b *testing.B) {
	const calls = 1000
	for _, bench := range []struct{ name, function string }{
		{"a number", "stage.call_host_often"},
		{"progress", "stage.report_often"},
	} {
		b.Run(bench.name, func(b *testing.B) {
			p := python(b)
			for b.Loop() {
				if err := p.Call(context.Background(), bench.function, pyembed.Args{calls}, nil); err != nil {
					b.Fatal(err)
				}
			}
			reportMicroseconds(b, b.N*calls)
		})
	}
}

// reportMicroseconds takes the place of the nanoseconds of a benchmark's round.
func reportMicroseconds(b *testing.B, calls int) {
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(b.Elapsed())/float64(time.Microsecond)/float64(calls), "µs/call")
}
