package dataset

import (
	"encoding/base64"
	"math"
	"math/bits"
)

// side is that of a descriptor, in values, as scripts/common/likeness.py makes them.
const side = 32

// reach is the largest shift that is tried, in values: 6 % of a picture's side.
const reach = 2

// ways are those in which a picture can be mirrored and turned by quarters.
const ways = 8

// descriptor is what a photo shows, in a form in which photos are compared.
type descriptor struct {
	values [side][side]int8
	norms  [2*reach + 1][2*reach + 1]float64 // of what stays inside when shifted
}

// outline is where a descriptor is positive, a bit a value, row by row.
type outline [side * side / 64]uint64

// descriptorOf decodes an image's descriptor; nil if it has none.
func descriptorOf(img Image) *descriptor {
	text, err := base64.StdEncoding.DecodeString(img.Picture.Likeness)
	if err != nil || len(text) != side*side {
		return nil
	}
	d := &descriptor{}
	for i, v := range text {
		d.values[i/side][i%side] = int8(v)
	}
	d.measure()
	return d
}

// measure fills in the norms.
func (d *descriptor) measure() {
	for y := -reach; y <= reach; y++ {
		for x := -reach; x <= reach; x++ {
			sum := 0
			for _, row := range d.values[max(y, 0):min(side, side+y)] {
				for _, v := range row[max(x, 0):min(side, side+x)] {
					sum += int(v) * int(v)
				}
			}
			d.norms[y+reach][x+reach] = math.Sqrt(float64(sum))
		}
	}
}

// spread is over how many values a descriptor spreads: by the ratio of its moments few
// where a single dot is all that there is, some 300 of 1,024 where grain is everywhere.
func (d *descriptor) spread() float64 {
	squares, fourth := 0.0, 0.0
	for _, row := range d.values {
		for _, v := range row {
			square := float64(v) * float64(v)
			squares += square
			fourth += square * square
		}
	}
	if fourth == 0 {
		return 0
	}
	return squares * squares / fourth
}

// turned is the descriptor of the picture turned by quarters, mirrored or both; 0 is
// the picture as it is.
func (d *descriptor) turned(way int) *descriptor {
	t := &descriptor{}
	for y := range side {
		for x := range side {
			fromX, fromY := x, y
			if way&4 != 0 {
				fromX, fromY = y, x
			}
			if way&1 != 0 {
				fromX = side - 1 - fromX
			}
			if way&2 != 0 {
				fromY = side - 1 - fromY
			}
			t.values[y][x] = d.values[fromY][fromX]
		}
	}
	t.measure()
	return t
}

// outline of the picture shifted by so many values; nothing comes in from outside.
func (d *descriptor) outline(shiftX, shiftY int) (o outline) {
	for y := max(0, shiftY); y < min(side, side+shiftY); y++ {
		for x := max(0, shiftX); x < min(side, side+shiftX); x++ {
			if d.values[y-shiftY][x-shiftX] > 0 {
				o[(y*side+x)/64] |= 1 << ((y*side + x) % 64)
			}
		}
	}
	return o
}

// distance counts where two outlines differ.
func (o *outline) distance(other *outline) (n int) {
	for i, word := range o {
		n += bits.OnesCount64(word ^ other[i])
	}
	return n
}

// correlation of two descriptors, shifted as they fit best, over what they then have
// in common. Their means are 0 but for a little.
func (d *descriptor) correlation(other *descriptor) float64 {
	best := -1.0
	for y := -reach; y <= reach; y++ {
		for x := -reach; x <= reach; x++ {
			norms := d.norms[y+reach][x+reach] * other.norms[reach-y][reach-x]
			if norms > 0 {
				best = max(best, float64(d.product(other, x, y))/norms)
			}
		}
	}
	return best
}

// product is the sum of products of this descriptor's values with those of another
// that is shifted against it.
func (d *descriptor) product(other *descriptor, shiftX, shiftY int) (sum int32) {
	for y := max(0, shiftY); y < min(side, side+shiftY); y++ {
		row := d.values[y][max(0, shiftX):min(side, side+shiftX)]
		beside := other.values[y-shiftY][max(0, -shiftX):min(side, side-shiftX)]
		for x, v := range row {
			sum += int32(v) * int32(beside[x])
		}
	}
	return sum
}
