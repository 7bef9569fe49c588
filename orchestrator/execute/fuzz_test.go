package execute

import (
	"bytes"
	"io"
	"testing"

	"kizu/orchestrator/execute/protocol"
)

// FuzzEvents holds that whatever a worker writes, the host reads events until
// the end and passes over the rest. Libraries of Python have been known to
// write into file descriptors that are not theirs.
func FuzzEvents(f *testing.F) {
	for _, seed := range []string{
		`{"type":"ready","versions":{"torch":"2"},"devices":[{"name":"cpu","memory_bytes":1}]}` + "\n",
		`{"type":"progress","task":"a","done":1,"total":2,"fields":{"loss":0.5}}` + "\n",
		`{"type":"done","task":"a","result":{"x":[1]},"memory":{"host_bytes":1}}` + "\n" + `{"type":"failed"}` + "\n",
		"\n\n{}\nnull\n[1]\nwarning: 3\n", `{"type":"done"`, "\xff\x00", `{"done":1e99}` + "\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p := &process{events: make(chan protocol.Event, 16)}
		go p.receive(io.NopCloser(bytes.NewReader(text)))
		n := 0
		for range p.events {
			n++
		}
		if lines := bytes.Count(text, []byte("\n")); n > lines {
			t.Errorf("%d events in %d lines", n, lines)
		}
	})
}
