package filehash

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// old makes a file whose hash may be remembered: one that was not changed for
// some time. Its change time cannot be set back, so the test waits.
func old(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "photo.png")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func hashOf(t *testing.T, h *Hashes, path string) string {
	t.Helper()
	sum, err := h.File(path)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

// TestHashesNoticeEveryChange, also one that keeps size and modification time,
// and one that is made right after the file was hashed.
func TestHashesNoticeEveryChange(t *testing.T) {
	path := old(t, "one photo")
	memory := filepath.Join(t.TempDir(), "hashes.json")
	h := Open(memory)
	first := hashOf(t, h, path)
	if len(h.known) > 0 {
		t.Error("the hash of a file that was just written is remembered")
	}
	time.Sleep(settled + 100*time.Millisecond)
	if hashOf(t, h, path) != first || len(h.known) != 1 {
		t.Errorf("the hash of an old file is not remembered: %v", h.known)
	}
	h.Save()
	h = Open(memory)
	if len(h.known) != 1 || hashOf(t, h, path) != first {
		t.Errorf("read back: %v", h.known)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("new photo"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	if hashOf(t, h, path) == first {
		t.Error("a change that kept size and modification time was not noticed")
	}
}

// TestHashesAreUsed: what is remembered is not read again.
func TestHashesAreUsed(t *testing.T) {
	path := old(t, "one photo")
	h := Open(filepath.Join(t.TempDir(), "hashes.json"))
	state, ok := look(path)
	if !ok {
		t.Fatal("no state")
	}
	state.SHA256 = "remembered"
	h.known[path] = state
	if got := hashOf(t, h, path); got != "remembered" {
		t.Errorf("hashed again: %s", got)
	}
}

// TestHashesBeforeThereIsAStore are kept elsewhere, and move in with it.
func TestHashesBeforeThereIsAStore(t *testing.T) {
	path := old(t, "one photo")
	cache := filepath.Join(t.TempDir(), "hashes.json")
	store := filepath.Join(t.TempDir(), "runs", "hashes.json")
	learn := func() {
		h := Open(store, cache)
		state, _ := look(path)
		state.SHA256 = "remembered"
		h.known[path], h.added = state, true
		h.Save()
	}
	learn()
	for path, want := range map[string]bool{cache: true, filepath.Dir(store): false} {
		if _, err := os.Stat(path); (err == nil) != want {
			t.Errorf("%s: %v", path, err)
		}
	}
	h := Open(store, cache)
	if err := os.Mkdir(filepath.Dir(store), 0o755); err != nil {
		t.Fatal(err)
	}
	h.Save() // as a run does when it has made its store
	h = Open(store)
	if hashOf(t, h, path) != "remembered" {
		t.Errorf("forgotten: %+v", h.memory)
	}
}

func TestHashesOfNoUse(t *testing.T) {
	path := old(t, "one photo")
	want := hashOf(t, nil, path)
	for name, text := range map[string]string{"missing": "", "damaged": "{", "other": "[1]"} {
		memory := filepath.Join(t.TempDir(), "hashes.json")
		if text != "" {
			if err := os.WriteFile(memory, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got := hashOf(t, Open(memory), path); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if _, err := Open("").File(path + "no"); err == nil {
		t.Error("a missing file has a hash")
	}
}

// TestHashesOfFilesThatAreGone do not stay: a memory would grow for ever.
func TestHashesOfFilesThatAreGone(t *testing.T) {
	stays, goes := old(t, "one photo"), old(t, "another")
	memory := filepath.Join(t.TempDir(), "hashes.json")
	h := Open(memory)
	for _, path := range []string{stays, goes} {
		state, _ := look(path)
		state.SHA256 = "remembered"
		h.known[path], h.added = state, true
	}
	if err := os.Remove(goes); err != nil {
		t.Fatal(err)
	}
	h.Save()
	h = Open(memory)
	if _, kept := h.known[stays]; !kept || len(h.known) != 1 {
		t.Errorf("remembered: %v", h.known)
	}
}
