package dataset

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// texture is a descriptor of something that no other texture shows, as smooth as those
// of photos.
func texture(random *rand.Rand) *descriptor {
	var noise [side + 2][side + 2]float64
	for y := range noise {
		for x := range noise[y] {
			noise[y][x] = random.NormFloat64()
		}
	}
	d := &descriptor{}
	for y := range d.values {
		for x := range d.values[y] {
			sum := 0.0
			for _, row := range noise[y : y+3] {
				sum += row[x] + row[x+1] + row[x+2]
			}
			d.values[y][x] = int8(max(-127, min(127, 32*sum/3)))
		}
	}
	return d
}

// mixed is a descriptor that is so far like another, and for the rest like nothing.
func mixed(like *descriptor, share float64, random *rand.Rand) *descriptor {
	d := texture(random)
	for y := range d.values {
		for x, v := range like.values[y] {
			d.values[y][x] = int8(share*float64(v) + (1-share)*float64(d.values[y][x]))
		}
	}
	return d
}

// moved is what a camera sees that moved by so many values: something else comes in.
func moved(d *descriptor, shiftX, shiftY int, random *rand.Rand) *descriptor {
	m := texture(random)
	for y := max(0, shiftY); y < min(side, side+shiftY); y++ {
		for x := max(0, shiftX); x < min(side, side+shiftX); x++ {
			m.values[y][x] = d.values[y-shiftY][x-shiftX]
		}
	}
	return m
}

// described is a photo that was read.
func described(name string, d *descriptor) Image {
	var text []byte
	for _, row := range d.values {
		for _, v := range row {
			text = append(text, byte(v))
		}
	}
	return Image{Name: name, Picture: Picture{Likeness: base64.StdEncoding.EncodeToString(text)}}
}

// TestSimilar: a photo is found again among many, in whatever way it was turned or
// mirrored, if it was shifted a little and if it changed a little; also where a few
// others show the same, and where all have a third of what they show in common, or half
// if it was not shifted. Photos without such a copy are like none.
func TestSimilar(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		product := texture(random)
		common := rapid.SampledFrom([]float64{0, 0.3, 0.5}).Draw(t, "common")
		var photos, others []Image
		for i := range 3 {
			photos = append(photos, described(fmt.Sprint("photo ", i), mixed(product, common, random)))
		}
		for i := range rapid.IntRange(24, 30).Draw(t, "others") {
			others = append(others, described(fmt.Sprint("other ", i), mixed(product, common, random)))
		}
		if pairs := Similar(photos, others); len(pairs) > 0 {
			t.Fatalf("%s is like %s, by %.2f", pairs[0].Photo.Name, pairs[0].Other.Name, pairs[0].Correlation)
		}
		again := descriptorOf(photos[2])
		if common < 0.5 && rapid.Bool().Draw(t, "moved") { // what was shifted stands out less
			again = moved(again, rapid.IntRange(-reach, reach).Draw(t, "x"), rapid.IntRange(-1, 1).Draw(t, "y"), random)
		} else {
			again = again.turned(rapid.IntRange(0, ways-1).Draw(t, "way"))
		}
		for i := range rapid.IntRange(1, 8).Draw(t, "copies") {
			others = append(others, described(fmt.Sprint("copy ", i), mixed(again, 0.8, random)))
		}
		pairs := Similar(photos, others)
		if len(pairs) != 1 || pairs[0].Photo.Name != "photo 2" || pairs[0].Other.Name[:4] != "copy" || pairs[0].Correlation > 1 {
			t.Fatalf("found %d pairs", len(pairs))
		}
	})
}

// TestSimilarOfFew: a pair is found where there is no other photo, and none where
// nobody has looked at the photos or nothing is on them.
func TestSimilarOfFew(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	one, other := described("one", texture(random)), described("other", texture(random))
	blank, unread := described("blank", &descriptor{}), Image{Name: "unread"}
	for _, test := range []struct {
		photos, others []Image
		pairs          int
	}{
		{[]Image{one}, []Image{one}, 1},
		{[]Image{one}, []Image{other, one, blank, unread}, 1},
		{[]Image{one}, []Image{other}, 0},
		{[]Image{blank, unread}, []Image{one, blank, unread}, 0},
		{nil, []Image{one}, 0},
		{[]Image{one}, nil, 0},
	} {
		if pairs := Similar(test.photos, test.others); len(pairs) != test.pairs {
			t.Errorf("%d photos and %d others: %d pairs and not %d", len(test.photos), len(test.others), len(pairs), test.pairs)
		}
	}
}

// TestTurned: the eight ways are different, and lead back.
func TestTurned(t *testing.T) {
	d := texture(rand.New(rand.NewPCG(3, 4)))
	seen := map[[side][side]int8]bool{}
	for way := range ways {
		turned := d.turned(way)
		seen[turned.values] = true
		back := false
		for other := range ways {
			back = back || turned.turned(other).values == d.values
		}
		if !back {
			t.Errorf("nothing undoes way %d", way)
		}
	}
	if len(seen) != ways {
		t.Errorf("%d ways", len(seen))
	}
}

// BenchmarkSimilar compares the test photos of a large dataset with all others.
func BenchmarkSimilar(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	images := make([]Image, 5000)
	for i := range images {
		images[i] = described(fmt.Sprint(i), texture(random))
	}
	for b.Loop() {
		Similar(images[:500], images[500:])
	}
}
