package gallery

import (
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kizu/orchestrator/dataset"
)

// save writes a picture as a PNG of its own.
func save(t *testing.T, img image.Image) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "picture.png")
	file, err := os.Create(path)
	if err == nil {
		err = png.Encode(file, img)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// Large pictures are scaled down to their central square, small ones are
// inlined as they are.
func TestThumbnail(t *testing.T) {
	wide := image.NewGray16(image.Rect(0, 0, 900, 600))
	for name, test := range map[string]struct {
		img  image.Image
		kind string
		side int
	}{
		"small.png": {image.NewRGBA(image.Rect(0, 0, 128, 128)), "data:image/png;", 128},
		"large.png": {image.NewRGBA(image.Rect(0, 0, 1024, 1024)), "data:image/jpeg;", 256},
		"wide.png":  {wide, "data:image/jpeg;", 256},
	} {
		got := NewAlbum(256, &dataset.Set{}, "").Of(Tile{Path: save(t, test.img)})
		if got.err != nil {
			t.Fatal(got.err)
		}
		if side := got.image.Bounds().Size(); side != image.Pt(test.side, test.side) || !strings.HasPrefix(string(got.uri), test.kind) {
			t.Errorf("%s: %v as %.30s", name, side, got.uri)
		}
	}
}

// TestThumbnailsShowWhatStagesSee: a photo that browsers would show otherwise is
// not inlined as it is, but drawn upright and opaque.
func TestThumbnailsShowWhatStagesSee(t *testing.T) {
	hidden := image.NewNRGBA(image.Rect(0, 0, 40, 40))
	hidden.SetNRGBA(0, 39, color.NRGBA{200, 100, 50, 0}) // below on the left
	path := save(t, hidden)
	set := &dataset.Set{Images: []dataset.Image{{Path: path, Picture: dataset.Picture{Mode: "RGBA", Orientation: 6, Pixels: "known"}}}}
	got := NewAlbum(256, set, "").Of(Tile{Path: path})
	if got.err != nil || !strings.HasPrefix(string(got.uri), "data:image/jpeg;") {
		t.Fatalf("%.30s, %v", got.uri, got.err)
	}
	// Turned clockwise, what was below on the left is above on the left.
	if r, g, b, a := got.image.At(0, 0).RGBA(); r>>8 != 200 || g>>8 != 100 || b>>8 != 50 || a>>8 != 255 {
		t.Errorf("the hidden colour is shown as %d %d %d %d", r>>8, g>>8, b>>8, a>>8)
	}
}
