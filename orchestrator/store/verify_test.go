package store

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestVerify finds every way in which an artifact can stop to be what was
// committed.
func TestVerify(t *testing.T) {
	for want, damage := range map[string]func(dir string) error{
		"":                                                 func(string) error { return nil },
		"images/0.png has other contents":                  func(dir string) error { return flipBit(filepath.Join(dir, "images", "0.png")) },
		"images/0.png is missing":                          func(dir string) error { return os.Remove(filepath.Join(dir, "images", "0.png")) },
		"images/0.png has 3 bytes instead of 6":            func(dir string) error { return os.Truncate(filepath.Join(dir, "images", "0.png"), 3) },
		"extra.txt is not in the manifest":                 func(dir string) error { return os.WriteFile(filepath.Join(dir, "extra.txt"), nil, 0o644) },
		"manifest.json: the identity is not the key's":     func(dir string) error { return replaceIn(dir, `"seed": 7`, `"seed": 8`) },
		`"../../../../outside" lies outside the artifact`:  func(dir string) error { return replaceIn(dir, "images/0.png", "../../../../outside") },
		"images/0.png is not a regular file":               func(dir string) error { return relink(filepath.Join(dir, "images", "0.png")) },
		"manifest.json: unexpected end of JSON input":      func(dir string) error { return os.Truncate(filepath.Join(dir, "manifest.json"), 0) },
		"manifest.json: invalid character 'x' looking for": func(dir string) error { return replaceIn(dir, "{", "x") },
	} {
		t.Run(want, func(t *testing.T) {
			s, key := identified(t)
			if err := damage(s.Dir("generate", key)); err != nil {
				t.Fatal(err)
			}
			err := s.Verify("generate", key)
			if want == "" {
				if err != nil {
					t.Errorf("a whole artifact: %v", err)
				}
				return
			}
			if found := new(DamagedError); !errors.As(err, &found) || found.Key != key {
				t.Fatalf("%v, want a DamagedError", err)
			}
			fails(t, err, want)
			place, err := s.SetAside("generate", key)
			if err != nil || s.Has("generate", key) {
				t.Fatalf("set aside to %q, %v", place, err)
			}
			if _, err := os.Stat(filepath.Join(place, "manifest.json")); err != nil {
				t.Error(err)
			}
			if err := s.Verify("generate", key); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("after it was set aside: %v", err)
			}
		})
	}
}

// identified is a store with one artifact whose key is the hash of its identity.
func identified(t *testing.T) (*Store, string) {
	t.Helper()
	s := open(t)
	identity := json.RawMessage(`{"seed":7}`)
	sum := sha256.Sum256(identity)
	key := hex.EncodeToString(sum[:])
	g := begin(t, s, "generate", key)
	write(t, g.Dir(), "images/0.png", "pixels")
	if err := g.Commit(&Manifest{Kind: "generate", Key: key, Identity: identity}); err != nil {
		t.Fatal(err)
	}
	return s, key
}

func flipBit(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	text[len(text)/2] ^= 4
	return os.WriteFile(path, text, 0o644)
}

func replaceIn(dir, old, new string) error {
	path := filepath.Join(dir, "manifest.json")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, after, found := strings.Cut(string(text), old)
	if !found {
		return errors.New("nothing to replace")
	}
	return os.WriteFile(path, []byte(before+new+after), 0o644)
}

func relink(path string) error {
	return errors.Join(os.Rename(path, filepath.Join(filepath.Dir(filepath.Dir(path)), "..", "moved")), os.Symlink("../../moved", path))
}

func TestReadFile(t *testing.T) {
	s, key := identified(t)
	if text, err := s.ReadFile("generate", key, "images/0.png"); err != nil || string(text) != "pixels" {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := s.ReadFile("generate", key, "images/1.png"); err == nil {
		t.Error("a file that is not in the manifest was read")
	}
	if err := flipBit(filepath.Join(s.Dir("generate", key), "images", "0.png")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ReadFile("generate", key, "images/0.png"); !errors.As(err, new(*DamagedError)) {
		t.Errorf("a damaged file was read: %v", err)
	}
}

func TestJournal(t *testing.T) {
	s := open(t)
	commit(t, s, "generate", someKey, "four")
	write(t, s.Root(), "torn.txt", "")
	file, err := os.OpenFile(s.journalPath(), os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteString("{\"kind\": \"gen\n\nnull\n3\n"); err != nil {
		t.Fatal(err)
	}
	file.Close()
	commit(t, s, "classify", otherKey, "")
	entries, err := s.Journal()
	if err != nil || len(entries) != 2 || entries[0].Key != someKey || entries[0].Bytes != 4 || entries[1].Kind != "classify" {
		t.Errorf("%+v, %v", entries, err)
	}
}

func TestGarbage(t *testing.T) {
	s := open(t)
	commit(t, s, "generate", someKey, "needed")
	commit(t, s, "generate", otherKey, "not needed")
	write(t, s.Root(), "checkpoints/"+someKey+"/step/optimizer", "x")
	write(t, s.Root(), "checkpoints/"+otherKey+"/step/optimizer", "xy")
	write(t, s.Root(), "damaged/generate-1-2/manifest.json", "{}")
	list, err := s.Garbage(map[string]bool{"generate/" + someKey: true})
	if err != nil || len(list) != 3 {
		t.Fatalf("%+v, %v", list, err)
	}
	if list[0].Name != "artifacts/generate/"+otherKey || list[1].Name != "checkpoints/"+otherKey || list[1].Bytes != 2 || list[2].What != "damaged" {
		t.Errorf("%+v", list)
	}
	if !s.Has("generate", otherKey) {
		t.Error("listing removes")
	}
	if err := s.Remove(list); err != nil {
		t.Fatal(err)
	}
	if s.Has("generate", otherKey) || !s.Has("generate", someKey) {
		t.Error("the wrong artifact was removed")
	}
	empty(t, s, "damaged")
	entries, err := s.Journal()
	if err != nil || len(entries) != 1 || entries[0].Key != someKey {
		t.Errorf("journal %+v, %v", entries, err)
	}
	if list, err := s.Garbage(map[string]bool{"generate/" + someKey: true}); err != nil || len(list) > 0 {
		t.Errorf("left: %+v, %v", list, err)
	}
}

// FuzzJournal holds that a journal that was torn or written into by others
// costs its bad lines and nothing else.
func FuzzJournal(f *testing.F) {
	f.Add([]byte(`{"kind":"generate","key":"a","label":"b","seconds":1,"effort":2,"bytes":3,"time":"2026-01-01T00:00:00Z"}` + "\n"))
	f.Add([]byte("{\"kind\":\"gen\n\nnull\n[]\n"))
	s := open(f)
	const last = "\n" + `{"kind":"classify","key":"z"}` + "\n"
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(s.journalPath(), append(text, last...), 0o644); err != nil {
			t.Fatal(err)
		}
		entries, err := s.Journal()
		if err != nil && len(text) < 1<<20 || err == nil && (len(entries) == 0 || entries[len(entries)-1].Key != "z") {
			t.Errorf("%q: %+v, %v", text, entries, err)
		}
	})
}
