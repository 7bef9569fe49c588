package worker

import (
	"bytes"
	"encoding/json"
	"io"
	"testing"

	"kizu/orchestrator/execute/protocol"
)

// FuzzRequests holds that a worker passes over what is no request, and that the
// spec of one that is reaches Python with whole numbers whole.
func FuzzRequests(f *testing.F) {
	for _, seed := range []string{
		`{"task":"a","call":"train_lora.run","spec":{"seed":9223372036854775807,"rate":1e-4,"images":["x"]}}` + "\n",
		`{"task":"a","cancel":true}` + "\n", "\n\n{}\nnull\n[1]\n", `{"task":`, "\xff\x00", `{"spec":[{"a":[[]]}]}` + "\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		w := &worker{out: json.NewEncoder(io.Discard)}
		incoming := make(chan protocol.Request)
		go w.read(bytes.NewReader(text), incoming)
		for request := range incoming {
			var spec any
			if len(request.Spec) == 0 {
				continue
			}
			if err := decodeExact(request.Spec, &spec); err != nil {
				t.Errorf("%q was accepted, and cannot be decoded: %v", request.Spec, err)
			}
			wholeNumbers(t, request.Spec, spec)
		}
	})
}

// wholeNumbers requires that a number that JSON writes as an int64 is one.
func wholeNumbers(t *testing.T, text json.RawMessage, got any) {
	t.Helper()
	var n int64
	if json.Unmarshal(text, &n) == nil && string(text) != "null" && got != n {
		t.Errorf("%s became %v", text, got)
	}
}
