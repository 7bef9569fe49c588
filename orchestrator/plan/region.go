package plan

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"image"
	"math"
	"slices"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/mask"
)

// tilesOf cuts a photo into as few squares of a side as cover it, evenly spread, from left
// to right and then downwards. They overlap where they must. A side of 0, or a longer one
// than the photo's shorter side, stands for that.
func tilesOf(size image.Point, side int) []image.Rectangle {
	shorter := min(size.X, size.Y)
	if side == 0 || side > shorter {
		side = shorter
	}
	var tiles []image.Rectangle
	for _, y := range spread(size.Y, side) {
		for _, x := range spread(size.X, side) {
			tiles = append(tiles, image.Rect(x, y, x+side, y+side))
		}
	}
	return tiles
}

// spread is where the fewest pieces that cover a length begin: the first at its start, the
// last so that it ends with it, the others between them at equal distances.
func spread(length, piece int) []int {
	starts := make([]int, (length+piece-1)/piece)
	for i := 1; i < len(starts); i++ {
		gaps := len(starts) - 1
		starts[i] = (2*i*(length-piece) + gaps) / (2 * gaps) // rounded
	}
	return starts
}

// around is the part of a photo around its defect, whose bounds are box: a square whose
// side is ratio times the longer side of box, but not below least and not above the photo's
// shorter side, with box in its middle as far as the photo reaches. Where box is longer than
// that, it is the smallest part that holds it, and no square: nothing of the defect is cut.
func around(size image.Point, box image.Rectangle, ratio float64, least int) image.Rectangle {
	longer := max(box.Dx(), box.Dy())
	side := min(max(int(math.Ceil(ratio*float64(longer))), least), size.X, size.Y)
	width, height := max(side, box.Dx()), max(side, box.Dy())
	left := min(max(box.Min.X-(width-box.Dx())/2, 0), size.X-width)
	top := min(max(box.Min.Y-(height-box.Dy())/2, 0), size.Y-height)
	return image.Rect(left, top, left+width, top+height)
}

// leastSide is the least side of a region that LoRAs learn at a resolution: of a smaller
// one they would learn how it looks scaled up, eight times and more.
func leastSide(resolution int) int { return resolution / 8 }

// drawnRegion is a part of a photo of a size, or of as much of it as the photo has; where it is
// follows from drawn.
func drawnRegion(photo, size image.Point, drawn draw) image.Rectangle {
	width, height := min(size.X, photo.X), min(size.Y, photo.Y)
	left, top := drawn.below(0, photo.X-width+1), drawn.below(1, photo.Y-height+1)
	return image.Rect(left, top, left+width, top+height)
}

// draw is random numbers that follow from what they are drawn for.
type draw [sha256.Size]byte

// drawFor are those of a photo: the same for one split seed, wherever it is used.
func drawFor(splitSeed int64, use string, img dataset.Image) draw {
	return sha256.Sum256(fmt.Appendf(nil, "%s\x00%d\x00%s", use, splitSeed, img.SHA256))
}

// below is the i-th number, from 0 to n - 1.
func (d draw) below(i, n int) int {
	return int(binary.BigEndian.Uint64(d[8*i:]) % uint64(n))
}

// fewestMarked is how many pixels of a defect a tile must show to stand for it, unless no
// other tile shows more: of fewer a classifier sees nothing.
const fewestMarked = 4

// shown is how much of a defect each of some tiles shows, in pixels of its mask.
func shown(tiles []image.Rectangle, m *mask.Mask) []int {
	counts := make([]int, len(tiles))
	for i, tile := range tiles {
		counts[i] = m.CountIn(tile)
	}
	return counts
}

// Sides of a defect that is seen in tiles.
const (
	sideGood   = iota // shows none of it
	sideGrazed        // shows too little of it to be called either
	sideDefect
)

// sides says what each tile of a defect photo is, by what it shows of the defect. A tile that only
// grazes the defect would teach a classifier that a sound surface is defective, or, called good,
// that a bit of a defect is sound: so a tile is of its photo's class if it shows a tenth of what
// the tile shows that shows most, and fewestMarked pixels; and the tiles that show most always are.
func sides(counts []int) []int {
	most := slices.Max(counts)
	enough := min(most, max(fewestMarked, (most+9)/10))
	list := make([]int, len(counts))
	for i, n := range counts {
		switch {
		case n == 0:
			list[i] = sideGood
		case n < enough:
			list[i] = sideGrazed
		default:
			list[i] = sideDefect
		}
	}
	return list
}

// showing are those of some tiles in which there is at least half as much to see as in the
// one in which there is most; all of them if nothing is known of that.
func showing(tiles []image.Rectangle, structure []float64) (list []image.Rectangle) {
	for i, tile := range tiles {
		if structure == nil || 2*structure[i] >= slices.Max(structure) {
			list = append(list, tile)
		}
	}
	return list
}
