package dataset

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"sync"

	"kizu/orchestrator/filehash"
	"kizu/orchestrator/mask"
)

// Memory is what is remembered of files from one plan to the next: their hashes,
// and what photos show. A nil *Memory remembers nothing.
type Memory struct {
	*filehash.Hashes
	album *album
}

// knownPictures is the file beside the hashes that says what photos show. It
// holds for all machines: what is remembered there is a matter of the bytes.
const knownPictures = "photos.json"

// readingRule counts the changes of what scripts/common/photos.py makes of a file; what
// was read by another rule is read again.
const readingRule = 2

// album is the content of that file.
type album struct {
	Rule     int                   `json:"rule"`
	Pictures map[string]Picture    `json:"pictures"`        // by readAs
	Masks    map[string]*mask.Mask `json:"masks,omitempty"` // by SHA256

	mu     sync.Mutex
	at     string // the folder in which it was found, or written last
	looked bool   // at new photos
}

// Remember opens what is remembered in a file of hashes and beside it; or in
// another as long as the first is not there.
func Remember(hashes string, before ...string) *Memory {
	m := &Memory{filehash.Open(hashes, before...), &album{}}
	for _, path := range append([]string{hashes}, before...) {
		if m.album.Pictures, m.album.Masks = openAlbum(filepath.Dir(path)); len(m.album.Pictures) > 0 {
			break
		}
	}
	m.album.at = m.Dir()
	return m
}

// Until is the same memory, for reading that is to stop when ctx does.
func (m *Memory) Until(ctx context.Context) *Memory {
	if m == nil {
		return &Memory{Hashes: (*filehash.Hashes)(nil).Until(ctx)}
	}
	return &Memory{m.Hashes.Until(ctx), m.album}
}

// Save writes down what was learnt, if the folder is there. Where it cannot be
// written, the next plan takes longer.
func (m *Memory) Save() {
	m.Hashes.Save()
	m.album.save(m.Dir())
}

// FileHashes is what is remembered of files, whatever they hold.
func (m *Memory) FileHashes() *filehash.Hashes {
	if m == nil {
		return nil
	}
	return m.Hashes
}

// pictures is what is remembered of photos.
func (m *Memory) pictures() *album {
	if m == nil {
		return nil
	}
	return m.album
}

// readAs names a file's content and how it was read. Levels concern 16-bit grey
// alone.
func readAs(sha256 string, levels Levels) string {
	if levels == nil {
		return sha256
	}
	return fmt.Sprintf("%s %d-%d", sha256, levels[0], levels[1])
}

// picture is what is remembered of a file.
func (a *album) picture(sha256 string, levels Levels) (Picture, bool) {
	if a == nil {
		return Picture{}, false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	p, ok := a.Pictures[readAs(sha256, nil)]
	if levels != nil && (!ok || p.deep()) {
		p, ok = a.Pictures[readAs(sha256, levels)]
	}
	return p, ok
}

// learn remembers what a file shows.
func (a *album) learn(sha256 string, levels Levels, p Picture) {
	if a == nil {
		return
	}
	if !p.deep() {
		levels = nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.Pictures[readAs(sha256, levels)], a.looked = p, true
}

// mask is what is remembered of a mask's file; nil if nothing is.
func (a *album) mask(sha256 string) *mask.Mask {
	if a == nil {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.Masks[sha256]
}

// learnMask remembers what a mask's file marks.
func (a *album) learnMask(sha256 string, m *mask.Mask) {
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.Masks[sha256], a.looked = m, true
}

// openAlbum reads what is known of photos and masks in a folder.
func openAlbum(dir string) (map[string]Picture, map[string]*mask.Mask) {
	var known album
	text, err := os.ReadFile(filepath.Join(dir, knownPictures))
	if err != nil || json.Unmarshal(text, &known) != nil || known.Rule != readingRule || known.Pictures == nil {
		return map[string]Picture{}, map[string]*mask.Mask{}
	}
	if known.Masks == nil {
		known.Masks = map[string]*mask.Mask{}
	}
	return known.Pictures, known.Masks
}

// save adds what was learnt to what others may have written meanwhile.
func (a *album) save(dir string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.looked && dir == a.at {
		return
	}
	all, masks := openAlbum(dir)
	maps.Copy(all, a.Pictures)
	maps.Copy(masks, a.Masks)
	text, err := json.Marshal(&album{Rule: readingRule, Pictures: all, Masks: masks})
	if err == nil && filehash.Replace(filepath.Join(dir, knownPictures), text) {
		a.at, a.looked = dir, false
	}
}
