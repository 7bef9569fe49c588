package plan

import (
	"image"
	"math/rand/v2"
	"slices"
	"testing"

	"kizu/orchestrator/mask"
)

// TestTilesCoverPhotos: every pixel is in a tile, each is a square inside the photo, and
// fewer would not do.
func TestTilesCoverPhotos(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for range 300 {
		size, side := image.Pt(1+random.IntN(60), 1+random.IntN(60)), random.IntN(70)
		tiles := tilesOf(size, side)
		if shorter := min(size.X, size.Y); side == 0 || side > shorter {
			side = shorter
		}
		covered := map[image.Point]bool{}
		for _, tile := range tiles {
			if tile.Dx() != side || tile.Dy() != side || !tile.In(image.Rectangle{Max: size}) {
				t.Fatalf("%v has the tile %v of %d", size, tile, side)
			}
			for y := tile.Min.Y; y < tile.Max.Y; y++ {
				for x := tile.Min.X; x < tile.Max.X; x++ {
					covered[image.Pt(x, y)] = true
				}
			}
		}
		fewest := ((size.X + side - 1) / side) * ((size.Y + side - 1) / side)
		if len(covered) != size.X*size.Y || len(tiles) != fewest {
			t.Fatalf("%v in %d tiles of %d, of which %d would do: %d pixels are covered", size, len(tiles), side, fewest, len(covered))
		}
	}
}

// TestTilesAreEvenlySpread: neighbours overlap by the same number of pixels, but for one.
func TestTilesAreEvenlySpread(t *testing.T) {
	for length := 1; length < 80; length++ {
		for piece := 1; piece <= length; piece++ {
			starts := spread(length, piece)
			if starts[0] != 0 || starts[len(starts)-1] != length-piece {
				t.Fatalf("%d in pieces of %d: %v", length, piece, starts)
			}
			var steps []int
			for i := range starts[1:] {
				steps = append(steps, starts[i+1]-starts[i])
			}
			if len(steps) > 0 && slices.Max(steps)-slices.Min(steps) > 1 {
				t.Fatalf("%d in pieces of %d: %v", length, piece, starts)
			}
		}
	}
	if got := tilesOf(image.Pt(640, 200), 0); len(got) != 4 || got[1] != image.Rect(147, 0, 347, 200) {
		t.Errorf("640×200 in %v", got)
	}
}

// TestAround: the region is in the photo and holds the defect; it is a square of the wanted
// side as far as the photo allows, with the defect in its middle where the edge is far.
func TestAround(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 2))
	middle, long := 0, 0
	for range 3000 {
		size := image.Pt(1+random.IntN(90), 1+random.IntN(90))
		x, y := random.IntN(size.X), random.IntN(size.Y)
		box := image.Rect(x, y, x+1+random.IntN(size.X-x), y+1+random.IntN(size.Y-y))
		ratio, least := 1+3*random.Float64(), random.IntN(40)
		got := around(size, box, ratio, least)
		shorter, longer := min(size.X, size.Y), max(box.Dx(), box.Dy())
		if !got.In(image.Rectangle{Max: size}) || !box.In(got) {
			t.Fatalf("%v in %v: %v", box, size, got)
		}
		side := min(got.Dx(), got.Dy())
		switch {
		case longer > shorter:
			if long++; side != shorter || max(got.Dx(), got.Dy()) != longer {
				t.Fatalf("%v in %v, longer than the photo is wide: %v", box, size, got)
			}
		case got.Dx() != got.Dy() || side > shorter || side < min(least, shorter) || side < longer:
			t.Fatalf("%v in %v, least %d: %v", box, size, least, got)
		case side < shorter && side > least && (float64(side) < ratio*float64(longer) || float64(side) >= ratio*float64(longer)+1):
			t.Fatalf("%v in %v, ratio %g: %v", box, size, ratio, got)
		}
		if inner := got.Inset(1); got.Min.X > 0 && got.Max.X < size.X && !inner.Empty() {
			middle++
			if left, right := box.Min.X-got.Min.X, got.Max.X-box.Max.X; left-right > 1 || right-left > 1 {
				t.Fatalf("%v in %v is not in the middle of %v", box, size, got)
			}
		}
	}
	if middle < 100 || long < 100 {
		t.Errorf("%d defects have room, %d are longer than their photo is wide", middle, long)
	}
}

// TestDrawnRegion: a region of the wanted size, wherever in the photo, and the same again for
// the same photo.
func TestDrawnRegion(t *testing.T) {
	seen := map[image.Point]bool{}
	for i := range 400 {
		img := photo("good", i)
		got := drawnRegion(image.Pt(10, 6), image.Pt(8, 5), drawFor(3, "region", img))
		if !got.In(image.Rect(0, 0, 10, 6)) || got.Size() != image.Pt(8, 5) || got != drawnRegion(image.Pt(10, 6), image.Pt(8, 5), drawFor(3, "region", img)) {
			t.Fatalf("photo %d: %v", i, got)
		}
		seen[got.Min] = true
	}
	if len(seen) != 3*2 {
		t.Errorf("regions begin at %v only", seen)
	}
	if got := drawnRegion(image.Pt(10, 6), image.Pt(12, 5), drawFor(3, "region", photo("good", 1))); got.Dx() != 10 || got.Dy() != 5 {
		t.Errorf("a region that is wider than the photo: %v", got)
	}
	if drawFor(3, "region", photo("good", 1)) == drawFor(4, "region", photo("good", 1)) {
		t.Error("another seed draws the same")
	}
}

func TestSides(t *testing.T) {
	for _, c := range []struct{ counts, want []int }{
		{[]int{0, 6, 0}, []int{0, 2, 0}},
		{[]int{3, 0}, []int{2, 0}},                         // the most that any shows
		{[]int{1, 1}, []int{2, 2}},                         // ties
		{[]int{3, 6, 4}, []int{1, 2, 2}},                   // fewer than 4 pixels graze it
		{[]int{1000, 100, 99, 0, 3}, []int{2, 2, 1, 0, 1}}, // and less than a tenth
		{[]int{1001, 100, 101, 0}, []int{2, 1, 2, 0}},      // rounded up
	} {
		if got := sides(c.counts); !slices.Equal(got, c.want) {
			t.Errorf("tiles that show %v: %v, want %v", c.counts, got, c.want)
		}
	}
	random := rand.New(rand.NewPCG(4, 4))
	for range 500 {
		counts := make([]int, 1+random.IntN(6))
		for i := range counts {
			counts[i] = random.IntN(60) * random.IntN(2)
		}
		got, most := sides(counts), slices.Max(counts)
		for i, n := range counts {
			if (got[i] == sideGood) != (n == 0) || n == most && n > 0 && got[i] != sideDefect {
				t.Fatalf("tiles that show %v: %v", counts, got)
			}
		}
	}
	m := mask.Of(4, 2, func(x, y int) bool { return x == 1 })
	if got := shown(tilesOf(image.Pt(4, 2), 0), m); !slices.Equal(got, []int{2, 0}) {
		t.Errorf("tiles show %v", got)
	}
}
