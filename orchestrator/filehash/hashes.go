// Package filehash hashes files and folders and remembers it, so that gigabytes of
// photos and models are not read for every plan.
package filehash

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// Hashes remembers the hashes of files. A hash holds as long as the kernel says
// that the file is the same and unchanged. A nil *Hashes remembers nothing.
type Hashes struct {
	*memory
	ctx context.Context // reading ends with it; nil for never
}

// memory is what was learnt of files.
type memory struct {
	path   string
	at     string   // where it was when it was read
	before []string // where it is written as long as there is no folder for path
	mu     sync.Mutex
	known  map[string]hashed // by absolute path
	added  bool
}

// hashed is a file's hash and what its inode said when it was taken. The change
// time cannot be set by programs, as the modification time can.
type hashed struct {
	Size     int64  `json:"size"`
	Inode    uint64 `json:"inode"`
	Device   uint64 `json:"device"`
	Modified int64  `json:"mtime_ns"`
	Changed  int64  `json:"ctime_ns"`
	SHA256   string `json:"sha256"`
}

// settled is how long a file must have been unchanged for its hash to be kept:
// a change within one tick of the file system's clock would not be noticed.
const settled = 2 * time.Second

// Open reads what was remembered in a file, or in another as long as the first is
// not there, since its folder is not or nothing was written into it yet. One that is
// missing or damaged only means that everything is read again.
func Open(path string, before ...string) *Hashes {
	m := &memory{path: path, before: before, known: map[string]hashed{}}
	for _, path := range append([]string{path}, before...) {
		if text, err := os.ReadFile(path); err == nil && json.Unmarshal(text, &m.known) == nil && m.known != nil {
			break
		}
		m.known = map[string]hashed{}
	}
	m.at = m.place()
	return &Hashes{memory: m}
}

// place is the file to write to.
func (m *memory) place() string {
	for _, path := range append([]string{m.path}, m.before...) {
		if _, err := os.Stat(filepath.Dir(path)); err == nil {
			return path
		}
	}
	return m.path
}

// Dir is the folder to remember things in.
func (h *Hashes) Dir() string { return filepath.Dir(h.place()) }

// Until is the same memory, for reading that is to stop when ctx does.
func (h *Hashes) Until(ctx context.Context) *Hashes {
	if h == nil {
		return &Hashes{ctx: ctx}
	}
	return &Hashes{h.memory, ctx}
}

// Context is the one that reading ends with.
func (h *Hashes) Context() context.Context {
	if h == nil || h.ctx == nil {
		return context.Background()
	}
	return h.ctx
}

// File returns the SHA-256 of a file's bytes, in hex.
func (h *Hashes) File(path string) (string, error) {
	if h == nil || h.memory == nil {
		return hashFile(h.Context(), path)
	}
	now, ok := look(path)
	h.mu.Lock()
	known := h.known[path]
	h.mu.Unlock()
	if sum := known.SHA256; ok && sum != "" {
		if known.SHA256 = ""; known == now {
			return sum, nil
		}
	}
	sum, err := hashFile(h.Context(), path)
	if err != nil {
		return "", err
	}
	after, still := look(path)
	if ok && still && after == now && time.Since(time.Unix(0, max(now.Changed, now.Modified))) > settled {
		now.SHA256 = sum
		h.mu.Lock()
		h.known[path], h.added = now, true
		h.mu.Unlock()
	}
	return sum, nil
}

// look describes a file without reading it.
func look(path string) (hashed, bool) {
	var info syscall.Stat_t
	if !filepath.IsAbs(path) || syscall.Stat(path, &info) != nil {
		return hashed{}, false
	}
	return hashed{
		Size: info.Size, Inode: info.Ino, Device: uint64(info.Dev),
		Modified: info.Mtim.Nano(), Changed: info.Ctim.Nano(),
	}, true
}

// Save writes down what was learnt, if the folder is there, and forgets files that
// are gone. Where it cannot be written, the next plan takes longer.
func (h *Hashes) Save() {
	if h == nil || h.memory == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if place := h.place(); place != h.at { // there is a store now
		h.at, h.added = place, true
	}
	if !h.added {
		return
	}
	maps.DeleteFunc(h.known, func(path string, _ hashed) bool {
		_, err := os.Stat(path)
		return errors.Is(err, fs.ErrNotExist)
	})
	text, err := json.Marshal(h.known)
	if err == nil && Replace(h.place(), text) == nil {
		h.added = false
	}
}

// Replace writes a file that others may be reading, who find it whole.
func Replace(path string, text []byte) error {
	beside := path + "-" + rand.Text()
	err := os.WriteFile(beside, text, 0o666) // not os.CreateTemp, whose files nobody else may read
	if err == nil {
		err = os.Rename(beside, path)
	}
	if err != nil {
		_ = os.Remove(beside)
	}
	return err
}
