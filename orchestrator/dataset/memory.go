package dataset

import (
	"context"
	"fmt"
	"path/filepath"

	"kizu/orchestrator/filehash"
	"kizu/orchestrator/mask"
)

// Memory is what is remembered of files from one plan to the next: their hashes,
// and what photos show. A nil *Memory remembers nothing.
type Memory struct {
	*filehash.Hashes
	album *album
}

// readingRule counts the changes of what scripts/common/photos.py makes of a file, and
// maskRule of what is taken for a mask.
const (
	readingRule = 2
	maskRule    = 1
)

// album is what photos and masks show.
type album struct {
	pictures *shelf[Picture]    // by readAs, without likeness
	likeness *shelf[string]     // by readAs
	masks    *shelf[*mask.Mask] // by SHA256
}

// Remember opens what is remembered in a file of hashes and beside it; or in
// another as long as the first is not there.
func Remember(hashes string, before ...string) *Memory {
	m := &Memory{Hashes: filehash.Open(hashes, before...)}
	var dirs []string
	for _, path := range append([]string{hashes}, before...) {
		dirs = append(dirs, filepath.Dir(path))
	}
	m.album = &album{
		newShelf[Picture]("photos.json", readingRule, m.Dir(), dirs),
		newShelf[string]("likeness.json", readingRule, m.Dir(), dirs),
		newShelf[*mask.Mask]("masks.json", maskRule, m.Dir(), dirs),
	}
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
	if m == nil || m.album == nil {
		return
	}
	m.Hashes.Save()
	m.album.pictures.save(m.Dir())
	m.album.likeness.save(m.Dir())
	m.album.masks.save(m.Dir())
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

// readAs names a file's content and how it was read. Levels concern 16-bit grey alone.
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
	p, ok := a.pictures.get(readAs(sha256, nil))
	if levels != nil && (!ok || p.deep()) {
		p, ok = a.pictures.get(readAs(sha256, levels))
	}
	if p.Likeness != "" {
		a.split()
	}
	return p, ok
}

// split moves what photos are known again by out of photos.json, where it was once.
func (a *album) split() {
	for key, p := range a.pictures.all() {
		if p.Likeness != "" {
			a.likeness.put(key, p.Likeness)
			p.Likeness = ""
			a.pictures.put(key, p)
		}
	}
}

// learn remembers what a file shows.
func (a *album) learn(sha256 string, levels Levels, p Picture) {
	if a == nil {
		return
	}
	if !p.deep() {
		levels = nil
	}
	a.likeness.put(readAs(sha256, levels), p.Likeness)
	p.Likeness = ""
	a.pictures.put(readAs(sha256, levels), p)
}

// likenessOf is what is remembered of what an image is known again by; "" if nothing is.
func (a *album) likenessOf(img Image, levels Levels) string {
	if a == nil || img.Picture.Likeness != "" {
		return img.Picture.Likeness
	}
	if !img.Picture.deep() {
		levels = nil
	}
	text, _ := a.likeness.get(readAs(img.SHA256, levels))
	return text
}

// mask is what is remembered of a mask's file; nil if nothing is.
func (a *album) mask(sha256 string) *mask.Mask {
	if a == nil {
		return nil
	}
	m, _ := a.masks.get(sha256)
	return m
}

// learnMask remembers what a mask's file marks.
func (a *album) learnMask(sha256 string, m *mask.Mask) {
	if a != nil {
		a.masks.put(sha256, m)
	}
}
