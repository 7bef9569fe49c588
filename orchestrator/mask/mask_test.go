package mask

import (
	"encoding/json"
	"image"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

// random is a bitmap of a size and density that follow from its number, and its mask.
func random(number uint64) ([][]bool, *Mask) {
	rng := rand.New(rand.NewPCG(number, 1))
	width, height, density := 1+rng.IntN(24), 1+rng.IntN(24), rng.Float64()
	return sized(rng, width, height, density)
}

func sized(rng *rand.Rand, width, height int, density float64) ([][]bool, *Mask) {
	bits := make([][]bool, height)
	for y := range bits {
		bits[y] = make([]bool, width)
		for x := range bits[y] {
			bits[y][x] = rng.Float64() < density
		}
	}
	return bits, Of(width, height, func(x, y int) bool { return bits[y][x] })
}

// pixels lists the pixels of a bitmap in a rectangle.
func pixels(bits [][]bool, in image.Rectangle) (list []image.Point) {
	for y, row := range bits {
		for x, lit := range row {
			if lit && image.Pt(x, y).In(in) {
				list = append(list, image.Pt(x, y))
			}
		}
	}
	return list
}

var everywhere = image.Rect(-100, -100, 100, 100)

// TestAgainstBitmaps: area, bounds and counts are those of the bitmap.
func TestAgainstBitmaps(t *testing.T) {
	for number := range uint64(500) {
		bits, m := random(number)
		all := pixels(bits, everywhere)
		var box image.Rectangle
		for _, p := range all {
			box = box.Union(image.Rectangle{p, p.Add(image.Pt(1, 1))})
		}
		if m.Area() != len(all) || m.Bounds() != box {
			t.Fatalf("bitmap %d: area %d of %d, bounds %v of %v", number, m.Area(), len(all), m.Bounds(), box)
		}
		rng := rand.New(rand.NewPCG(number, 2))
		for range 20 {
			rect := image.Rect(rng.IntN(40)-8, rng.IntN(40)-8, rng.IntN(40)-8, rng.IntN(40)-8)
			if got, want := m.CountIn(rect), len(pixels(bits, rect)); got != want {
				t.Fatalf("bitmap %d has %d pixels in %v, want %d", number, got, rect, want)
			}
		}
	}
}

// TestComponentsAgainstFloodFill: the largest component, of all or of what lies in a
// rectangle, is as large as a flood fill finds.
func TestComponentsAgainstFloodFill(t *testing.T) {
	several := 0
	for number := range uint64(500) {
		bits, m := random(number)
		rng := rand.New(rand.NewPCG(number, 4))
		rect := image.Rect(rng.IntN(20), rng.IntN(20), rng.IntN(20), rng.IntN(20))
		inside := Of(m.Width, m.Height, func(x, y int) bool { return bits[y][x] && image.Pt(x, y).In(rect) })
		want := flooded(bits)
		for _, got := range [][2]int{{m.LargestIn(everywhere), slices.Max(append(want, 0))}, {m.LargestIn(rect), inside.LargestIn(everywhere)}} {
			if got[0] != got[1] {
				t.Fatalf("the largest component of bitmap %d is of %d pixels, want %d", number, got[0], got[1])
			}
		}
		if len(want) > 1 {
			several++
		}
	}
	if several < 100 {
		t.Errorf("only %d bitmaps have several components", several)
	}
}

func flooded(bits [][]bool) (areas []int) {
	for _, start := range pixels(bits, everywhere) {
		found := 0
		for queue := []image.Point{start}; len(queue) > 0; {
			p := queue[0]
			queue = queue[1:]
			if p.Y < 0 || p.Y >= len(bits) || p.X < 0 || p.X >= len(bits[0]) || !bits[p.Y][p.X] {
				continue
			}
			bits[p.Y][p.X] = false
			found++
			for dy := -1; dy <= 1; dy++ {
				for dx := -1; dx <= 1; dx++ {
					queue = append(queue, p.Add(image.Pt(dx, dy)))
				}
			}
		}
		if found > 0 {
			areas = append(areas, found)
		}
	}
	return areas
}

// TestUnion: masks that are joined have what one of them has, in the one form that a
// mask of these pixels has.
func TestUnion(t *testing.T) {
	for number := range uint64(300) {
		rng := rand.New(rand.NewPCG(number, 3))
		width, height := 1+rng.IntN(20), 1+rng.IntN(20)
		a, first := sized(rng, width, height, rng.Float64())
		b, second := sized(rng, width, height, rng.Float64())
		_, third := sized(rng, width, height, 0)
		want := Of(width, height, func(x, y int) bool { return a[y][x] || b[y][x] })
		if got := Union(first, second, third); !reflect.DeepEqual(got, want) {
			t.Fatalf("%d: joined %v, want %v", number, got, want)
		}
	}
}

// TestJSON: a mask that was written is read as it was.
func TestJSON(t *testing.T) {
	for number := range uint64(50) {
		_, m := random(number)
		text, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		var read Mask
		if err := json.Unmarshal(text, &read); err != nil || !reflect.DeepEqual(&read, m) {
			t.Fatalf("%s is read as %v (%v)", text, read, err)
		}
	}
	if err := json.Unmarshal([]byte(`{"runs": [1, 2]}`), &Mask{}); err == nil {
		t.Error("half a run is read")
	}
}
