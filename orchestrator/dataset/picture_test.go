package dataset

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"

	"kizu/orchestrator/filehash/filetest"
)

// shot is a small picture in colour.
func shot(seed int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, 6, 4))
	for i := range img.Pix {
		img.Pix[i] = uint8(seed*31 + i*i*7)
	}
	for i := 3; i < len(img.Pix); i += 4 {
		img.Pix[i] = 0xff
	}
	return img
}

// save writes a picture in the container that its name says.
func (f folder) save(name string, img image.Image) {
	f.Helper()
	var text bytes.Buffer
	var err error
	switch filepath.Ext(name) {
	case ".png":
		err = png.Encode(&text, img)
	case ".bmp":
		err = bmp.Encode(&text, img)
	case ".tif":
		err = tiff.Encode(&text, img, &tiff.Options{Compression: tiff.Deflate})
	case ".jpg":
		err = jpeg.Encode(&text, img, nil)
	}
	if err != nil {
		f.Fatal(err)
	}
	f.Text(name, text.String())
}

// TestOnePhotoInSeveralContainers is one photo: in PNG and BMP beside each other,
// compressed otherwise, with text added, turned by EXIF, or as a JPEG's pixels.
func TestOnePhotoInSeveralContainers(t *testing.T) {
	f := newFolder(t)
	for i := range 3 {
		f.save(fmt.Sprintf("good/%d.png", i), shot(i))
		f.save(fmt.Sprintf("good/%d.bmp", i), shot(i))
	}
	f.save("good/other.tif", shot(1))
	var plain bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.NoCompression}).Encode(&plain, shot(2)); err != nil {
		t.Fatal(err)
	}
	f.Text("good/plain.png", plain.String())
	f.save("good/lossy.jpg", shot(2)) // other pixels: another photo
	folder := Folder{Format: "folders", Root: f.Root, Classes: []string{"good", "bad"}}
	f.save("bad/0.png", shot(9))
	set, err := reading().Scan(folder)
	if err != nil {
		t.Fatal(err)
	}
	if got := names(set.Of("good")); !slices.Equal(got, []string{"good: good/0.bmp", "good: good/1.bmp", "good: good/2.bmp", "good: good/lossy.jpg"}) {
		t.Errorf("kept %q", got)
	}
	var left []string
	for _, d := range set.Duplicates {
		left = append(left, d.String())
	}
	if want := []string{
		"good/0.png shows what good/0.bmp shows and is left out", "good/1.png shows what good/1.bmp shows and is left out",
		"good/2.png shows what good/2.bmp shows and is left out", "good/other.tif shows what good/1.bmp shows and is left out",
		"good/plain.png shows what good/2.bmp shows and is left out",
	}; !slices.Equal(left, want) {
		t.Errorf("left out %q", left)
	}
	f.save("bad/same.tif", shot(0))
	_, err = reading().Scan(folder)
	filetest.Fails(t, err, "bad/same.tif (bad) and good/0.bmp (good) are the same picture in two classes: remove one of them")
}

// TestOnePhotoInEveryWayToTurnIt: what EXIF turns upright is the photo that it
// shows then.
func TestOnePhotoInEveryWayToTurnIt(t *testing.T) {
	dir, read, _ := oddPhotos(t)
	pixels := map[string][]string{}
	for path, p := range read {
		if filepath.Dir(path) == filepath.Join(dir, "exact") {
			pixels[p.Pixels] = append(pixels[p.Pixels], filepath.Base(path))
		}
	}
	// The same pixels, turned by the file: each orientation once in each container.
	for turn := 1; turn <= 8; turn++ {
		of := read[filepath.Join(dir, "exact", fmt.Sprintf("turned %d.png", turn))]
		if of.Orientation != turn {
			t.Errorf("orientation %d is read as %d", turn, of.Orientation)
		}
		for _, kind := range []string{"webp", "tif"} {
			if name := fmt.Sprintf("turned %d.%s", turn, kind); !slices.Contains(pixels[of.Pixels], name) {
				t.Errorf("%s does not show what the PNG of its orientation shows: %q", name, pixels[of.Pixels])
			}
		}
	}
}

// TestABaseModelKnowsAPhotoByItsPixels, where its list has them.
func TestABaseModelKnowsAPhotoByItsPixels(t *testing.T) {
	img := Image{SHA256: "file", Picture: Picture{Pixels: "pixels"}}
	for _, hash := range []string{"file", "pixels"} {
		if !img.In(map[string]bool{hash: true}) {
			t.Errorf("a photo is not known by its %s", hash)
		}
	}
	if unread := (Image{SHA256: "other"}); unread.In(map[string]bool{"file": true}) {
		t.Error("a photo that was not read is known")
	}
}

// counted counts what a reader is asked.
type counted struct {
	Reader
	asked *[]string
}

func (c counted) Read(ctx context.Context, paths []string, levels Levels, said func(int, Picture, error)) error {
	for _, path := range paths {
		*c.asked = append(*c.asked, fmt.Sprint(filepath.Base(path), levels))
	}
	return c.Reader.Read(ctx, paths, levels, said)
}

// TestPhotosAreReadOnce: files of equal bytes once, and none a second time; with
// other levels, those of 16 bits again.
func TestPhotosAreReadOnce(t *testing.T) {
	f := newFolder(t)
	f.save("good/0.png", shot(0))
	f.save("good/copy.png", shot(0))
	deep := image.NewGray16(image.Rect(0, 0, 3, 3))
	for i := range 9 {
		deep.SetGray16(i%3, i/3, color.Gray16{Y: uint16(100 + 400*i)})
	}
	f.save("good/deep.png", deep)
	time.Sleep(2100 * time.Millisecond) // younger files are not remembered
	memory := filepath.Join(f.Root, "hashes.json")
	for _, step := range []struct {
		folder Folder
		want   []string
		levels Levels
	}{
		{Folder{}, []string{"0.png[]", "deep.png[]"}, nil},
		{Folder{}, nil, nil},
		{Folder{BitDepth: 16}, nil, nil},
		{Folder{BitDepth: 12}, []string{"deep.png[0 4095]"}, Levels{0, 4095}},
		{Folder{BitDepth: 12}, nil, Levels{0, 4095}},
		{Folder{AutoRange: true}, []string{"deep.png[100 3300]"}, Levels{100, 3300}},
		{Folder{AutoRange: true}, nil, Levels{100, 3300}},
	} {
		var asked []string
		hashes := Remember(memory)
		step.folder.Format, step.folder.Root, step.folder.Classes = "folders", f.Root, []string{"good"}
		set, err := Scanner{Memory: hashes, Reader: counted{reading().Reader, &asked}}.Scan(step.folder)
		if err != nil {
			t.Fatal(err)
		}
		hashes.Save()
		if slices.Sort(asked); !slices.Equal(asked, step.want) {
			t.Errorf("%+v: asked for %q, want %q", step.folder, asked, step.want)
		}
		if !slices.Equal(set.Levels, step.levels) || len(set.Images) != 2 || set.Grey != (Range{1, 100, 3300}) {
			t.Errorf("%+v: levels %v, %d images, %+v", step.folder, set.Levels, len(set.Images), set.Grey)
		}
	}
}

// TestRangeNotes say what 16-bit photos use, and what to do where that is dark.
func TestRangeNotes(t *testing.T) {
	for _, test := range []struct {
		set  Set
		dark bool
		want []string
	}{
		{Set{}, false, nil},
		{Set{Grey: Range{5, 12, 3840}}, true, []string{"16-bit values, 12 to 3840 of 65535: nearly black; set dataset.bit_depth: 12 or dataset.range: auto"}},
		{Set{Grey: Range{5, 0, 16383}}, true, []string{"16-bit values, 0 to 16383 of 65535: dark; set dataset.bit_depth: 14 or dataset.range: auto"}},
		{Set{Grey: Range{5, 0, 60}}, true, []string{"16-bit values, 0 to 60 of 65535: nearly black; set dataset.bit_depth: 8 or dataset.range: auto"}},
		{Set{Grey: Range{5, 0, 65000}}, false, []string{"16-bit values, 0 to 65000 of 65535"}},
		{Set{Grey: Range{5, 12, 3840}, Levels: Levels{0, 4095}}, false, []string{"16-bit values, 12 to 3840 of 65535: 0 becomes black, 4095 white"}},
		{Set{Colour: Range{5, 0, 3855}}, true, []string{"16 bits a colour, 0 to 3855 of 65535, read by their upper 8 bits: nearly black; save them with 8 bits a colour"}},
	} {
		if notes, dark := test.set.RangeNotes(); dark != test.dark || !slices.Equal(notes, test.want) {
			t.Errorf("%+v: %q, dark %v", test.set, notes, dark)
		}
	}
}

// TestBitsThatDoNotFit: a value beyond the depth that the file gives is an error
// that names the photo, and so are 16 bits a colour.
func TestBitsThatDoNotFit(t *testing.T) {
	f := newFolder(t)
	deep := image.NewGray16(image.Rect(0, 0, 2, 2))
	deep.SetGray16(1, 1, color.Gray16{Y: 5000})
	f.save("good/deep.png", deep)
	folder := Folder{Format: "folders", Root: f.Root, Classes: []string{"good"}, BitDepth: 12}
	_, err := reading().Scan(folder)
	filetest.Fails(t, err, f.Path("good/deep.png")+" has values up to 5000, beyond the 4095 of dataset.bit_depth")
	folder.BitDepth = 13
	if _, err := reading().Scan(folder); err != nil {
		t.Error(err)
	}
	colours := image.NewRGBA64(image.Rect(0, 0, 2, 2))
	colours.SetRGBA64(1, 1, color.RGBA64{3000, 2000, 1000, 0xffff})
	f.save("good/colours.png", colours)
	_, err = reading().Scan(folder)
	filetest.Fails(t, err, f.Path("good/colours.png")+" has 16 bits a colour", "save it as 16-bit grey, or with 8 bits a colour")
}
