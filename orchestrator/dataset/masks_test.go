package dataset

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kizu/orchestrator/filehash/filetest"
)

// rectangle is a black picture with a white rectangle on it, and one pixel that makes it
// another picture than all others.
func rectangle(size image.Point, white image.Rectangle, shade uint8) []byte {
	img := image.NewGray(image.Rectangle{Max: size})
	for y := white.Min.Y; y < white.Max.Y; y++ {
		for x := white.Min.X; x < white.Max.X; x++ {
			img.SetGray(x, y, color.Gray{Y: 255})
		}
	}
	if shade > 0 {
		img.SetGray(0, 0, color.Gray{Y: shade})
	}
	var text bytes.Buffer
	if err := png.Encode(&text, img); err != nil {
		panic(err)
	}
	return text.Bytes()
}

// turnedBy is a PNG with an EXIF orientation.
func turnedBy(text []byte, orientation byte) []byte {
	const header = 8 + 12 + 13 // the signature and the first chunk
	body := append([]byte("eXIfMM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00"), orientation, 0, 0, 0, 0, 0, 0)
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(body)-4))
	chunk = binary.BigEndian.AppendUint32(append(chunk, body...), crc32.ChecksumIEEE(body))
	return slices.Concat(text[:header], chunk, text[header:])
}

// masked is a folder of photos of 6 × 4 pixels and what else it is given.
func masked(t *testing.T, photos []string, others map[string][]byte) filetest.Folder {
	t.Helper()
	f := filetest.New(t)
	for i, name := range photos {
		f.Text(name, string(rectangle(image.Pt(6, 4), image.Rectangle{}, uint8(i+1))))
	}
	for name, text := range others {
		f.Text(name, string(text))
	}
	return f
}

// mark is a mask of 6 × 4 pixels with one pixel, in column x.
func mark(x int) []byte { return rectangle(image.Pt(6, 4), image.Rect(x, 1, x+1, 2), 0) }

func wanting(f filetest.Folder, format string, trees ...string) Folder {
	return Folder{Format: format, Root: f.Root, Classes: []string{"good", "crack"}, Masks: Masks{Trees: trees, Needed: true}}
}

// TestMasksArePaired: by MVTec AD's names and anomalib's, several of one photo joined, the
// longest name of a photo first.
func TestMasksArePaired(t *testing.T) {
	photos := []string{"good/0.png", "crack/1.png", "crack/1_2.png", "crack/1_2_x.png", "crack/é.png", "crack/none.png"}
	f := masked(t, photos, map[string][]byte{
		"masks/crack/1.png": mark(1), "masks/crack/1_mask.png": mark(2), "masks/crack/1_1.png": mark(3),
		"masks/crack/1_2.png": mark(4), "masks/crack/1_2_mask_7.png": mark(5),
		"masks/crack/1_2_x_mask.png": mark(0), "masks/crack/e\u0301_mask.png": mark(2),
		"masks/good/0.png": mark(2), "masks/crack/readme.txt": nil, "masks/dent/9.png": nil,
	})
	set, err := reading().Scan(wanting(f, "folders", f.Path("masks")))
	if err != nil {
		t.Fatal(err)
	}
	if len(set.LeftOut) != 0 || len(set.Images) != len(photos) {
		t.Errorf("%d photos; left out: %v", len(set.Images), set.LeftOut)
	}
	want := map[string][]int{"crack/1.png": {1, 2, 3}, "crack/1_2.png": {4, 5}, "crack/1_2_x.png": {0}, "crack/é.png": {2}}
	for _, img := range set.Images {
		var columns []int
		if m := img.Mask(); m != nil {
			for x := range 6 {
				if m.CountIn(image.Rect(x, 0, x+1, 4)) > 0 {
					columns = append(columns, x)
				}
			}
		}
		if !slices.Equal(columns, want[img.Name]) {
			t.Errorf("%s is marked in the columns %v, want %v", img.Name, columns, want[img.Name])
		}
		if img.Marking == nil {
			continue
		}
		if len(img.Marking.Files) != len(want[img.Name]) {
			t.Errorf("%s has %d masks, want %d", img.Name, len(img.Marking.Files), len(want[img.Name]))
		}
		for _, file := range img.Marking.Files {
			if len(file.SHA256) != 64 || !filepath.IsAbs(file.Path) {
				t.Errorf("mask %+v", file)
			}
		}
	}
}

// TestMasksOfLayouts: MVTec AD's are found by themselves, wherever the tree is it is no
// photo's, and folders of parts have theirs.
func TestMasksOfLayouts(t *testing.T) {
	mvtec := masked(t, []string{"train/good/0.png", "test/good/0.png", "test/crack/0.png"}, map[string][]byte{"ground_truth/crack/0_mask.png": mark(1)})
	inside := masked(t, []string{"good/0.png", "crack/0.png"}, map[string][]byte{"crack/masks/crack/0.png": mark(1)})
	parts := masked(t, []string{"good/a/0.png", "crack/b/0.png", "crack/c/0.png"}, map[string][]byte{"m/crack/b/0.png": mark(1)})
	ofParts := wanting(parts, "folders", parts.Path("m"))
	ofParts.Parts.Folders = true
	for name, folder := range map[string]Folder{
		"test/crack/0.png": wanting(mvtec, "mvtec"), "crack/0.png": wanting(inside, "folders", inside.Path("crack/masks")), "crack/b/0.png": ofParts,
	} {
		set, err := reading().Scan(folder)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var with []string
		for _, img := range set.Images {
			if img.Marking != nil {
				with = append(with, img.Name)
			}
		}
		if !slices.Equal(with, []string{name}) || len(set.LeftOut) > 0 {
			t.Errorf("%s: %v have masks; left out %v", name, with, set.LeftOut)
		}
	}
}

// TestMasksThatFitNoPhoto: each mistake is one line that names the files, and `kizu check`
// lists it whether or not masks are needed.
func TestMasksThatFitNoPhoto(t *testing.T) {
	photo := rectangle(image.Pt(6, 4), image.Rectangle{}, 9)
	for name, c := range map[string]struct {
		others map[string][]byte
		want   []string
	}{
		"no photo":                {map[string][]byte{"masks/crack/7_mask.png": mark(1)}, []string{"mask ", "crack/7_mask.png has no photo: class \"crack\" has none called 7"}},
		"a photo of another name": {map[string][]byte{"masks/crack/10.png": mark(1)}, []string{"masks/crack/10.png has no photo"}},
		"two photos":              {map[string][]byte{"masks/crack/1.png": mark(1), "crack/1.bmp": photo}, []string{"may be of crack/1.bmp or of crack/1.png: rename"}},
		"empty":                   {map[string][]byte{"masks/crack/1.png": rectangle(image.Pt(6, 4), image.Rectangle{}, 0)}, []string{"masks/crack/1.png marks no pixel", "crack/1.png"}},
		"another size":            {map[string][]byte{"masks/crack/1.png": rectangle(image.Pt(5, 4), image.Rect(0, 0, 1, 1), 0)}, []string{"masks/crack/1.png is 5×4 and its photo crack/1.png 6×4"}},
		"turned photo": {map[string][]byte{"masks/crack/2.png": mark(1), "crack/2.png": turnedBy(photo, 6)},
			[]string{"masks/crack/2.png is 6×4 and photo crack/2.png, which its EXIF orientation turns, 4×6: save the photo upright or rotate the mask"}},
		"no mask":       {map[string][]byte{"masks/crack/1.png": []byte("none")}, []string{"masks/crack/1.png cannot be read", "save it as PNG"}},
		"no folders":    {map[string][]byte{"masks/other/1.png": mark(1)}, []string{"masks has none of the folders crack; it has \"other\""}},
		"another name":  {map[string][]byte{"masks/carck/1.png": mark(1)}, []string{"masks has no folder for class \"crack\", and one that is called \"carck\": rename it"}},
		"other kinds":   {map[string][]byte{"masks/crack/1.GIF": nil, "masks/crack/2.gif": nil}, []string{"masks ", "crack/*.gif (2) are of a kind that is not read: save them as PNG"}},
		"arrays":        {map[string][]byte{"masks/crack/1/0.npy": nil}, []string{"crack/1/*.npy (1) are of a kind that is not read"}},
		"no such photo": {map[string][]byte{"masks/crack/7/0.png": mark(1)}, []string{"masks/crack/7/0.png has no photo: class \"crack\" has none called 7"}},
	} {
		f := masked(t, []string{"good/0.png", "crack/1.png"}, c.others)
		folder, s := wanting(f, "folders", f.Path("masks")), reading()
		s.Memory = Remember(filepath.Join(t.TempDir(), "hashes.json")) // of photos: one Python for all
		_, err := s.Scan(folder)
		listed, looked := s.Inspect(folder)
		folder.Masks.Needed = false
		spared, unneeded := s.Inspect(folder)
		if err == nil || looked != nil || unneeded != nil {
			t.Errorf("%s: %v, %v, %v", name, err, looked, unneeded)
			continue
		}
		if len(listed.Problems) != 1 || len(spared.Problems) != 0 || len(spared.MaskProblems) != 1 {
			t.Errorf("%s: problems %v; not needed: %v, %v", name, listed.Problems, spared.Problems, spared.MaskProblems)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) || err.Error() != listed.Problems[0].Error() || err.Error() != spared.MaskProblems[0].Error() {
				t.Errorf("%s: %q, want %q in it (%v, %v)", name, err, want, listed.Problems[0], spared.MaskProblems[0])
			}
		}
		if _, err := s.Scan(folder); err != nil {
			t.Errorf("%s: not needed: %v", name, err)
		}
	}
}

// TestMaskTrees: what dataset.masks names must be a tree of masks.
func TestMaskTrees(t *testing.T) {
	f := masked(t, []string{"good/0.png", "crack/1.png"}, map[string][]byte{"labels.csv": nil})
	for want, folder := range map[string]Folder{
		"gone is not a folder":    wanting(f, "folders", f.Path("gone")),
		"away is a folder":        wanting(f, "folders", f.Path("gone"), f.Path("away")),
		"has the photos of class": wanting(f, "folders", f.Root),
	} {
		if _, err := reading().Scan(folder); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "dataset.masks: ") {
			t.Errorf("%v, want %q in it", err, want)
		}
	}
}

// TestMasksThatAreNoFiles: links that lead nowhere and pipes are named.
func TestMasksThatAreNoFiles(t *testing.T) {
	f := masked(t, []string{"good/0.png", "crack/1.png"}, map[string][]byte{"masks/crack/readme": nil})
	f.Pipe("masks/crack/1.png")
	if err := os.Symlink("gone", f.Path("masks/crack/1_2.png")); err != nil {
		t.Fatal(err)
	}
	_, err := Scanner{}.Scan(wanting(f, "folders", f.Path("masks")))
	filetest.Fails(t, err, "masks/crack/1.png is a named pipe and no file", "and 1 more")
}

// TestMasksOfSeveralFiles: MVTec LOCO AD has a folder of masks for each photo; and a tree
// is known wherever it lies, with what is there for it alone.
func TestMasksOfSeveralFiles(t *testing.T) {
	for _, tree := range []string{"ground_truth", "extra/masks", "crack/deep/masks"} {
		f := masked(t, []string{"good/0.png", "crack/000.png"}, map[string][]byte{
			tree + "/crack/000/000.png": mark(1), tree + "/crack/000/001.png": mark(3),
		})
		set, err := Scanner{}.Scan(wanting(f, "folders", f.Path(tree)))
		if err != nil {
			t.Fatal(err)
		}
		if len(set.LeftOut) > 0 || set.Of("crack")[0].Mask().Area() != 2 {
			t.Errorf("%s: left out %v", tree, set.LeftOut)
		}
	}
}

// TestTurnedMask: a mask of the photo as it is upright is right, and what no size tells is
// said.
func TestTurnedMask(t *testing.T) {
	photo := rectangle(image.Pt(6, 4), image.Rectangle{}, 9)
	f := masked(t, []string{"good/0.png", "crack/1.png"}, map[string][]byte{
		"crack/2.png": turnedBy(photo, 8), "masks/crack/2.png": rectangle(image.Pt(4, 6), image.Rect(0, 5, 1, 6), 0),
		"crack/3.png": turnedBy(rectangle(image.Pt(6, 4), image.Rectangle{}, 10), 3), "masks/crack/3.png": mark(2),
	})
	set, err := reading().Scan(wanting(f, "folders", f.Path("masks")))
	if err != nil {
		t.Fatal(err)
	}
	if got := names(set.MayBeTurned()); !slices.Equal(got, []string{"crack: crack/3.png"}) {
		t.Errorf("perhaps turned: %v", got)
	}
}

// TestMasksAreRemembered: a mask whose bytes are known is not read again.
func TestMasksAreRemembered(t *testing.T) {
	f := masked(t, []string{"good/0.png", "crack/1.png"}, map[string][]byte{"masks/crack/1.png": mark(3)})
	store := t.TempDir()
	area := func() int {
		s := reading()
		s.Memory = Remember(filepath.Join(store, "hashes.json"))
		set, err := s.Scan(wanting(f, "folders", f.Path("masks")))
		if err != nil {
			t.Fatal(err)
		}
		s.Memory.Save()
		return set.Of("crack")[0].Mask().Area()
	}
	if got := area(); got != 1 {
		t.Fatalf("area %d", got)
	}
	known := Remember(filepath.Join(store, "hashes.json"))
	masks := known.album.masks
	masks.open()
	for _, m := range masks.known {
		m.Runs[0].To += 2 // what only memory says
	}
	if masks.added = true; len(masks.known) != 1 {
		t.Fatalf("%d masks are remembered", len(masks.known))
	}
	known.Save()
	if got := area(); got != 3 {
		t.Errorf("area %d, remembered are 3", got)
	}
}
