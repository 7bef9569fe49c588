package dataset

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestLikenessIsReadWhenAskedFor: what photos are known again by lies in a file of its own,
// which is opened when it is asked for; where versions before had it, it is found and
// moved; and where it is lost, photos are read again.
func TestLikenessIsReadWhenAskedFor(t *testing.T) {
	f, store := newFolder(t), t.TempDir()
	f.picture("good/a.png", 1)
	f.picture("good/b.png", 2)
	time.Sleep(2100 * time.Millisecond) // younger files are not remembered
	file := func(name string) string { return filepath.Join(store, name) }
	scan := func() (m *Memory, set *Set, asked *[]string) {
		m, asked = Remember(file("hashes.json")), &[]string{}
		set, err := Scanner{Memory: m, Reader: counted{reading().Reader, asked}}.Scan(Folder{Format: "folders", Root: f.Root, Classes: []string{"good"}})
		if err != nil {
			t.Fatal(err)
		}
		m.Save()
		return m, set, asked
	}
	_, set, _ := scan()
	want := set.described(set.Images)[0].Picture.Likeness
	whole := set.Images

	m, set, asked := scan()
	if len(*asked) > 0 || m.album.likeness.known != nil || m.album.masks.known != nil || set.Images[0].Picture.Likeness != "" {
		t.Errorf("read %q; opened %v, %v", *asked, m.album.likeness.known, m.album.masks.known)
	}
	if got := set.described(set.Images)[0].Picture.Likeness; got != want || want == "" || len(*asked) > 0 {
		t.Errorf("remembered as %q, want %q", got, want)
	}

	if err := os.Remove(file("likeness.json")); err != nil {
		t.Fatal(err)
	}
	_, set, asked = scan()
	if got := set.described(set.Images)[0].Picture.Likeness; got != want || len(*asked) != 2 {
		t.Errorf("read %q again, and got %q", *asked, got)
	}

	before := onShelf[Picture]{readingRule, map[string]Picture{}} // as versions before wrote it
	for _, img := range whole {
		before.Entries[img.SHA256] = img.Picture
	}
	text, _ := json.Marshal(before)
	_ = os.Remove(file("likeness.json"))
	if err := os.WriteFile(file("photos.json"), text, 0o666); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_, set, asked = scan()
		if got := set.described(set.Images)[0].Picture.Likeness; got != want || len(*asked) > 0 {
			t.Errorf("read %q again, and got %q", *asked, got)
		}
	}
	if now, err := os.ReadFile(file("photos.json")); err != nil || len(now) >= len(text)-len(want) {
		t.Errorf("%d bytes, before %d (%v)", len(now), len(text), err)
	}
}
