package dataset

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
)

// knownPictures is the file beside the hashes that says what photos show. It
// holds for all machines: what is remembered there is a matter of the bytes.
const knownPictures = "photos.json"

// readingRule counts the changes of what scripts/common/photos.py makes of a file; what
// was read by another rule is read again.
const readingRule = 1

// album is the content of that file.
type album struct {
	Rule     int                `json:"rule"`
	Pictures map[string]Picture `json:"pictures"` // by readAs
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
func (m *memory) picture(sha256 string, levels Levels) (Picture, bool) {
	if m == nil {
		return Picture{}, false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	p, ok := m.pictures[readAs(sha256, nil)]
	if levels != nil && (!ok || p.deep()) {
		p, ok = m.pictures[readAs(sha256, levels)]
	}
	return p, ok
}

// learn remembers what a file shows.
func (m *memory) learn(sha256 string, levels Levels, p Picture) {
	if m == nil {
		return
	}
	if !p.deep() {
		levels = nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pictures[readAs(sha256, levels)], m.looked = p, true
}

// openAlbum reads what is known beside a file of hashes.
func openAlbum(hashes string) map[string]Picture {
	var known album
	text, err := os.ReadFile(filepath.Join(filepath.Dir(hashes), knownPictures))
	if err != nil || json.Unmarshal(text, &known) != nil || known.Rule != readingRule || known.Pictures == nil {
		return map[string]Picture{}
	}
	return known.Pictures
}

// saveAlbum adds what was learnt to what others may have written meanwhile.
func (m *memory) saveAlbum() {
	if !m.looked {
		return
	}
	path := m.place()
	all := openAlbum(path)
	maps.Copy(all, m.pictures)
	text, err := json.Marshal(album{readingRule, all})
	if err == nil && replaceFile(filepath.Join(filepath.Dir(path), knownPictures), text) {
		m.looked = false
	}
}

// read finds out what images show that have no problem: from memory, or by
// asking the reader, files of equal bytes once.
func (s Scanner) read(images []Image, levels Levels, problems []error) error {
	var memory *memory
	if s.Hashes != nil {
		memory = s.Hashes.memory
	}
	var paths, hashes []string
	same := map[string][]int{} // images by hash
	for i := range images {
		sum := images[i].SHA256
		known, ok := memory.picture(sum, levels)
		switch {
		case problems[i] != nil:
		case ok:
			images[i].Picture = known
		case levels != nil && images[i].Picture.Pixels != "" && !images[i].Picture.deep(): // read before
		default:
			if same[sum] == nil {
				paths, hashes = append(paths, images[i].Path), append(hashes, sum)
			}
			same[sum] = append(same[sum], i)
		}
	}
	if len(paths) == 0 {
		return nil
	}
	done := 0
	return s.Reader.Read(s.Hashes.context(), paths, levels, func(n int, p Picture, err error) {
		if err == nil {
			err = s.sure(paths[n], hashes[n], p, levels)
		}
		if err == nil {
			memory.learn(hashes[n], levels, p)
		}
		for _, i := range same[hashes[n]] {
			images[i].Picture, problems[i] = p, err
		}
		if done++; s.Progress != nil {
			s.Progress(done, len(paths))
		}
	})
}

// sure makes sure that a picture can be shown, and is of the file that was
// hashed.
func (s Scanner) sure(path, sha256 string, p Picture, levels Levels) error {
	if err := showable(path, p, levels); err != nil {
		return err
	}
	sum, err := s.Hashes.File(path)
	if err == nil && sum != sha256 {
		err = fmt.Errorf("image %s was changed while it was read: run again", path)
	}
	return err
}
