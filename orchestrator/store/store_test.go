package store

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func TestCommit(t *testing.T) {
	s := open(t)
	g := begin(t, s, "generate", someKey)
	write(t, g.Dir(), "images.csv", "name,seed\n")
	write(t, g.Dir(), "images/0000.png", "pixels")
	if s.Has("generate", someKey) || len(files(t, s, "artifacts")) > 0 {
		t.Fatal("an artifact is there before it is committed")
	}
	made := &Manifest{
		Kind: "generate", Key: someKey, Identity: json.RawMessage(`{"kind":"generate"}`),
		Inputs: []Input{{"train_lora", otherKey}}, Result: json.RawMessage(`{"images":1}`), Device: "cpu",
	}
	if err := g.Commit(made); err != nil {
		t.Fatal(err)
	}
	empty(t, s, "staging")
	got, err := s.Manifest("generate", someKey)
	if err != nil || !s.Has("generate", someKey) {
		t.Fatal("committed, and not there", err)
	}
	want := []File{ // hashes as sha256sum prints them
		{"images/0000.png", 6, "6ec9c2b0eb14010746c8bce8939303b382344b296206612eb8a907a37b2b2f37"},
		{"images.csv", 10, "afc485da7739d68f75dbcb5e49dd19e23fa45c1e8335fc912a91c2b0827a7986"},
	}
	if !slices.Equal(got.Files, want) || got.Device != "cpu" || !slices.Equal(got.Inputs, made.Inputs) {
		t.Errorf("manifest %+v", got)
	}
	if text := read(t, filepath.Join(s.Dir("generate", someKey), "images", "0000.png")); text != "pixels" {
		t.Errorf("the artifact holds %q", text)
	}
}

// TestCommitTwice: of two artifacts of one key the first stays.
func TestCommitTwice(t *testing.T) {
	s := open(t)
	first, second := begin(t, s, "classify", someKey), begin(t, s, "classify", someKey)
	if first.Dir() == second.Dir() {
		t.Fatal("two stagings share a folder")
	}
	write(t, second.Dir(), "file.txt", "second")
	write(t, first.Dir(), "file.txt", "first")
	for _, g := range []*Staging{first, second} {
		if err := g.Commit(&Manifest{Kind: "classify", Key: someKey}); err != nil {
			t.Fatal(err)
		}
	}
	if text := read(t, filepath.Join(s.Dir("classify", someKey), "file.txt")); text != "first" {
		t.Errorf("the %s artifact stayed", text)
	}
	empty(t, s, "staging")
}

func TestDiscard(t *testing.T) {
	s := open(t)
	g := begin(t, s, "classify", someKey)
	write(t, g.Dir(), "deep/file.txt", "")
	if err := g.Discard(); err != nil {
		t.Fatal(err)
	}
	empty(t, s, "staging")
	empty(t, s, "artifacts")
}

// TestOnlyAManifestMakesAnArtifact: a folder that somebody emptied is made
// again.
func TestOnlyAManifestMakesAnArtifact(t *testing.T) {
	s := open(t)
	write(t, s.Dir("classify", someKey), "file.txt", "what somebody left")
	write(t, s.Dir("classify", otherKey), "manifest.json", "{")
	if s.Has("classify", someKey) {
		t.Error("a folder without a manifest is an artifact")
	}
	if _, err := s.Manifest("classify", someKey); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing artifact: %v", err)
	}
	commit(t, s, "classify", someKey, "new")
	if text := read(t, filepath.Join(s.Dir("classify", someKey), "file.txt")); text != "new" {
		t.Errorf("the artifact holds %q", text)
	}
	var keys []string
	for _, kind := range []string{"classify", "generate"} { // of which there is none
		if err := s.Each(kind, nil, func(m *Manifest) { keys = append(keys, m.Key) }); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(keys, []string{someKey}) {
		t.Errorf("artifacts %q", keys)
	}
}

// TestCommitFails: what cannot be an artifact leaves nothing behind.
func TestCommitFails(t *testing.T) {
	for problem, stage := range map[string]func(dir string) error{
		"link.png is not a regular file":    func(dir string) error { return os.Symlink("/dev/null", filepath.Join(dir, "link.png")) },
		"pipe is not a regular file":        func(dir string) error { return syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o644) },
		"manifest.json is the store's":      func(dir string) error { return os.WriteFile(filepath.Join(dir, "manifest.json"), nil, 0o644) },
		"no such file or directory":         os.RemoveAll,
		"invalid character 'N' looking for": func(string) error { return nil }, // NaN in the result, below
	} {
		s := open(t)
		g := begin(t, s, "generate", someKey)
		if err := stage(g.Dir()); err != nil {
			t.Fatal(err)
		}
		err := g.Commit(&Manifest{Kind: "generate", Key: someKey, Result: json.RawMessage("NaN")})
		fails(t, err, "committing generate 0a0a0a0a0a0a: ")
		fails(t, err, problem)
		empty(t, s, "staging")
		empty(t, s, "artifacts")
	}
}

func TestDamagedManifest(t *testing.T) {
	for _, text := range []string{
		"", "{", "null", "[]", `{"kind": "generate"}`,
		`{"kind": "generate", "key": "` + otherKey + `"}`,
		`{"kind": "classify", "key": "` + someKey + `"}`,
		`{"kind": "generate", "key": "` + someKey + `", "files": 3}`,
	} {
		s := open(t)
		write(t, s.Dir("generate", someKey), "manifest.json", text)
		_, err := s.Manifest("generate", someKey)
		if damage := new(DamagedError); !errors.As(err, &damage) || damage.Key != someKey {
			t.Errorf("%q: %v", text, err)
		}
		fails(t, err, "artifact generate/"+someKey+" is damaged: manifest.json: ")
		if err := s.Each("generate", nil, func(*Manifest) { t.Errorf("%q is taken for an artifact", text) }); err != nil {
			t.Error(err)
		}
	}
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"kind": "generate", "key": "` + someKey + `", "identity": {"a": [1]}, "files": [{"name": "a", "size": 1}]}`))
	f.Add([]byte(`{"kind": "generate", "key": "` + someKey + `", "started": "2026-01-01T00:00:00Z", "versions": {"torch": "2"}}`))
	f.Add([]byte("null"))
	s := open(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		write(t, s.Dir("generate", someKey), "manifest.json", string(text))
		m, err := s.Manifest("generate", someKey)
		if err == nil && (m.Kind != "generate" || m.Key != someKey || !json.Valid(text)) {
			t.Errorf("%q read as %+v", text, m)
		}
		if err != nil && !strings.Contains(err.Error(), "is damaged") {
			t.Errorf("%q: %v", text, err)
		}
	})
}

func TestOpenAndAt(t *testing.T) {
	root := filepath.Join(t.TempDir(), "runs")
	s, err := At(root)
	if err != nil || s.Has("generate", someKey) {
		t.Fatal("a store that is not there has an artifact", err)
	}
	if _, err := os.Stat(root); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("looking at a store makes it: %v", err)
	}
	for range 2 { // an existing store is opened as it is
		if s, err = Open(root); err != nil {
			t.Fatal(err)
		}
		if n, err := s.Sweep(); n != 0 || err != nil {
			t.Errorf("swept %d, %v", n, err)
		}
	}
	commit(t, s, "generate", someKey, "")
	if again, err := At(root); err != nil || !again.Has("generate", someKey) {
		t.Error("not found again", err)
	}
	write(t, root, "file", "")
	_, err = Open(filepath.Join(root, "file"))
	fails(t, err, "is a file and no folder")
}
