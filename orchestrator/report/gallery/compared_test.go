package gallery

import (
	"image"
	"image/color"
	"testing"

	"kizu/orchestrator/dataset"
)

// TestComparisons: of an image that differs from a part of its photo in a square, the photo's
// part, the square's outline and the difference are drawn to the pixel.
func TestComparisons(t *testing.T) {
	grey := func(width, height int, shade func(x, y int) uint8) string {
		img := image.NewGray(image.Rect(0, 0, width, height))
		for y := range height {
			for x := range width {
				img.SetGray(x, y, color.Gray{Y: shade(x, y)})
			}
		}
		return save(t, img)
	}
	square := image.Rect(20, 24, 40, 44)
	inside := func(x, y int) bool { return image.Pt(x, y).In(square) }
	photo := grey(100, 64, func(x, y int) uint8 { return uint8(x + y) })
	made := grey(64, 64, func(x, y int) uint8 {
		if inside(x, y) {
			return uint8(x+30+y) - 10
		}
		return uint8(x + 30 + y)
	})
	mask := grey(64, 64, func(x, y int) uint8 {
		if inside(x, y) {
			return 255
		}
		return 0
	})
	album := NewAlbum(256, &dataset.Set{}, "")
	comparison := Comparison{Photo: photo, Region: image.Rect(30, 0, 94, 64), Mask: mask}
	for show, want := range map[string]map[image.Point]color.RGBA{
		Source:     {{0, 0}: {30, 30, 30, 255}, {30, 30}: {90, 90, 90, 255}, {63, 63}: {156, 156, 156, 255}},
		Outlined:   {{19, 30}: {79, 79, 79, 255}, {20, 30}: outline, {39, 43}: outline, {30, 30}: {90, 90, 90, 255}},
		Difference: {{19, 30}: {128, 128, 128, 255}, {20, 30}: {88, 88, 88, 255}, {40, 30}: {128, 128, 128, 255}},
	} {
		comparison.Show = show
		got := album.Of(Tile{Path: made, Compared: comparison})
		if got.err != nil {
			t.Fatal(got.err)
		}
		for at, shade := range want {
			if pixel := got.image.At(at.X, at.Y); pixel != shade {
				t.Errorf("%s at %v: %v, want %v", show, at, pixel, shade)
			}
		}
	}
	beside := color.RGBA{16, 32, 48, 255}
	padding := NewAlbum(256, &dataset.Set{}, "pad #102030")
	for _, tile := range []Tile{{Path: photo}, {Path: made, Compared: Comparison{Show: Source, Photo: photo}}} {
		if got := padding.Of(tile).image; got.Bounds().Dx() != 100 || got.At(50, 10) != beside || got.At(50, 50) == beside {
			t.Errorf("a padded photo is %v wide, with %v beside it", got.Bounds().Dx(), got.At(50, 10))
		}
	}
	if broken := album.Of(Tile{Path: made, Compared: Comparison{Show: Source, Photo: "none.png"}}); broken.err == nil {
		t.Error("a photo that is not there is drawn")
	}
}
