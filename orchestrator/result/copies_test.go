package result

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// copyWorld draws photos of so many numbers, and what an autoencoder makes of
// them: all moved alike, and each by a noise of its own.
func copyWorld(random *rand.Rand, trained, heldOut int, moved, noise float64) CopyPhotos {
	again := func(photos Features) Features {
		list := make(Features, len(photos))
		for i, row := range photos {
			for _, x := range row {
				list[i] = append(list[i], x+moved+noise*random.NormFloat64())
			}
		}
		return list
	}
	p := CopyPhotos{Training: gauss(random, trained, 20, 0), Mirrored: gauss(random, trained, 20, 0)}
	p.Autoencoded, p.AutoencodedMirrored = again(p.Training), again(p.Mirrored)
	p.AutoencodedHeldOut = again(gauss(random, heldOut, 20, 0))
	return p
}

// Where the autoencoder does little, known copies are found, and so are others;
// what is none is not. Held-out photos or not makes no difference to that.
func TestCopiesAreFound(t *testing.T) {
	for _, heldOut := range []int{0, 60} {
		random := rand.New(rand.NewPCG(21, 22))
		p := copyWorld(random, 18, heldOut, 0.3, 0.3)
		test := NewCopyTest(p)
		if !test.Works() || test.Autoencoded != (Recovery{18, 18}) || test.Mirrored != (Recovery{18, 18}) {
			t.Fatalf("%d held out: known copies found: %+v, %+v", heldOut, test.Autoencoded, test.Mirrored)
		}
		images := Features{p.AutoencodedMirrored[3], gauss(random, 1, 20, 2)[0], p.Training[5]}
		nearest := test.Nearest(images)
		if nearest[0].Index != 3 || nearest[2].Index != 5 {
			t.Errorf("%d held out: nearest %+v", heldOut, nearest)
		}
		if got := test.Copies(nearest); !got[0] || got[1] || !got[2] {
			t.Errorf("%d held out: copies %v", heldOut, got)
		}
		if !strings.HasSuffix(test.Note(), "autoencoded, the test finds 18 of 18, and of their mirror images 18 of 18") {
			t.Error(test.Note())
		}
	}
}

// Where the autoencoder moves photos farther than photos differ, its known
// copies are not found, and nothing is said: not even of a photo itself. The
// controls are not among what they are compared with, or they would be found.
func TestWithoutPowerNothingIsSaid(t *testing.T) {
	for _, heldOut := range []int{0, 60} {
		p := copyWorld(rand.New(rand.NewPCG(23, 24)), 18, heldOut, 0, 3)
		test := NewCopyTest(p)
		if test.Works() || test.Autoencoded.Share() > 0.3 || test.Copies(test.Nearest(p.Training)) != nil {
			t.Errorf("%d held out: known copies found: %+v", heldOut, test.Autoencoded)
		}
		if !strings.Contains(test.Note(), "less than 80 %, too few for anything to be said of copies") {
			t.Error(test.Note())
		}
	}
	none := NewCopyTest(CopyPhotos{Training: shots, Mirrored: shots})
	if none.Works() || none.Chance(1, 5) != 1 {
		t.Error("a test without autoencoded photos works")
	}
}

// One kind of copy found is not enough.
func TestMirrorImagesAreAControlToo(t *testing.T) {
	p := copyWorld(rand.New(rand.NewPCG(25, 26)), 18, 60, 0, 0.1)
	p.Mirrored = gauss(rand.New(rand.NewPCG(27, 28)), 18, 20, 0) // others than were autoencoded
	if test := NewCopyTest(p); test.Works() || test.Autoencoded.Found != 18 || test.Mirrored.Found > 3 {
		t.Errorf("found %+v, mirrored %+v", test.Autoencoded, test.Mirrored)
	}
}

// An honest image is taken for a copy as often as is said, of 5 % with many
// reference photos and 1 of n+1 with few; and several as often as Chance says.
func TestHonestImagesAreRarelyCopies(t *testing.T) {
	for n, want := range map[int]float64{18: 1.0 / 19, 59: 0.05, 99: 0.05} {
		random := rand.New(rand.NewPCG(11, 12))
		const simulations, images = 600, 8
		flagged, several := 0, 0
		var chance float64
		for range simulations {
			test := NewCopyTest(copyWorld(random, 10, n, 0, 0.1))
			again := copyWorld(random, 10, images, 0, 0.1).AutoencodedHeldOut
			found := 0
			for _, copied := range test.Copies(test.Nearest(again)) {
				if copied {
					found++
				}
			}
			flagged += found
			if found >= 2 {
				several++
			}
			chance = test.Chance(2, images)
		}
		// Three standard errors; images of one threshold go together.
		if rate := float64(flagged) / simulations / images; math.Abs(rate-want) > 0.015 {
			t.Errorf("%d reference photos: %.3f of images are called copies, want %.3f", n, rate, want)
		}
		if rate := float64(several) / simulations; math.Abs(rate-chance) > 0.03 {
			t.Errorf("%d reference photos: two copies in %.3f, chance says %.3f", n, rate, chance)
		}
	}
}
