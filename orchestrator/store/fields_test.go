package store

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzFields: an object comes apart as encoding/json takes it apart, and nothing else harms.
func FuzzFields(f *testing.F) {
	for _, text := range []string{
		`{}`, "{\n  \"kind\": \"generate\",\n  \"identity\": {\"a\": [1, {\"b\": \"},]\\\"\"}]},\n  \"n\": 1e-4\n}\n",
		`{"a": "\\", "b": "\"", "c": null}`, `{"a": 1`, `{"a"}`, `{"a": 1} {}`, `{"a" 1}`, `{,}`, `[]`, ``, `{"a": "x}`, `{"a": 1,}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		fields, want := map[string]json.RawMessage{}, map[string]json.RawMessage{}
		err := Fields(fields, text)
		if json.Unmarshal(text, &want) != nil || want == nil || !utf8.Valid(text) {
			return
		}
		for name := range want {
			if !bytes.Contains(text, []byte(`"`+name+`"`)) { // it was written with escapes
				return
			}
		}
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if !maps.EqualFunc(fields, want, func(a, b json.RawMessage) bool { return bytes.Equal(a, b) }) {
			t.Errorf("%q: %q, want %q", text, fields, want)
		}
	})
}

// TestIdentity is that of the manifest; of a damaged one, an error.
func TestIdentity(t *testing.T) {
	s, key := open(t), strings.Repeat("a", 64)
	g := begin(t, s, "generate", key)
	m := &Manifest{Kind: "generate", Key: key, Identity: json.RawMessage(`{"kind":"generate","spec":{"text":"},\"{"}}`)}
	if err := g.Commit(m); err != nil {
		t.Fatal(err)
	}
	var buffer bytes.Buffer
	got, err := s.Identity("generate", key, &buffer)
	var compact bytes.Buffer
	if err != nil || json.Compact(&compact, got) != nil || !slices.Equal(compact.Bytes(), m.Identity) {
		t.Errorf("%s (%v), want %s", got, err, m.Identity)
	}
	path := filepath.Join(s.Dir("generate", key), manifestName)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text[:len(text)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Identity("generate", key, &buffer); err == nil {
		t.Error("half a manifest has an identity")
	}
}
