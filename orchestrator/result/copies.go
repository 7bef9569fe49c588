package result

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"
)

// CopyPhotos are the photos that a test for copies goes by, as small pictures in which the distance
// of two goes by their correlation, pixel by pixel. What is autoencoded came back from the base
// model's autoencoder, as every generated image does.
type CopyPhotos struct {
	// Training are those that trained a LoRA, and Mirrored their mirror images, in the
	// same order. Autoencoded and AutoencodedMirrored are the same photos as the base's
	// autoencoder gives them back.
	Training, Mirrored               Features
	Autoencoded, AutoencodedMirrored Features
	// AutoencodedHeldOut are photos of the same class that trained nothing, autoencoded.
	AutoencodedHeldOut Features
}

// CopyTest tells whether images are copies of training photos: nearer to one of them, or of their
// mirror images, than autoencoded photos that trained nothing are; nearer than all but the nearest
// 5 % of these, or than all of them where there are fewer than 39. So another photo, autoencoded,
// is taken for a copy with that probability at most, or 1/(n+1) for few, whatever the distribution:
// its rank among n others is a conformal p value (Bates et al., Annals of Statistics 51, 2023).
// Where fewer photos trained nothing than trained, the training photos themselves are the others,
// each compared with the rest.
//
// Its controls are copies that are known: the training photos, and their mirror
// images, autoencoded. They are not among what images are compared with, so
// finding them is no matter of course: it says that an autoencoder's doing is
// small beside what makes one photo differ from another.
type CopyTest struct {
	known       Features    // known are the training photos, then their mirror images.
	trained     int         // trained counts the training photos.
	Honest      []Neighbour // Honest are the training photos nearest to photos that are no copies.
	Threshold   float64     // Threshold is the distance below which an image is taken for a copy; 0 without honest photos.
	Autoencoded Recovery    // Autoencoded is what is found of the training photos, autoencoded.
	Mirrored    Recovery    // Mirrored is what is found of their mirror images, autoencoded.
}

// CopyMeaning says what a test for copies calls one.
const CopyMeaning = "a copy is nearer to a training photo or its mirror image, pixel by pixel, than 95 % of autoencoded photos that trained nothing, " +
	"or than all of them if they are few; one that is shifted or scaled is not found"

// Recovery is how many of the copies that are known a test finds.
type Recovery struct{ Found, Of int }

// Share is the power of a test, 0 without known copies.
func (r Recovery) Share() float64 { return ratio(r.Found, r.Of) }

const (
	copyLevel = 0.05 // share of photos that may be taken for copies
	copyPower = 0.8  // share of known copies that must be found: the usual power of a test (Cohen, 1988)
)

// NewCopyTest sets the threshold and tries the test on its controls.
func NewCopyTest(p CopyPhotos) *CopyTest {
	t := &CopyTest{known: slices.Concat(p.Training, p.Mirrored), trained: len(p.Training)}
	if len(p.AutoencodedHeldOut) >= t.trained {
		t.Honest = t.Nearest(p.AutoencodedHeldOut)
	} else {
		t.Honest = t.inTraining(NearestOther(p.Autoencoded, t.known))
	}
	t.Threshold = copyThreshold(t.Honest)
	t.Autoencoded, t.Mirrored = t.recover(p.Autoencoded), t.recover(p.AutoencodedMirrored)
	return t
}

// Nearest finds for every image the nearest training photo, as it is or mirrored.
func (t *CopyTest) Nearest(images Features) []Neighbour {
	return t.inTraining(Nearest(images, t.known))
}

// inTraining counts a mirror image as its photo.
func (t *CopyTest) inTraining(neighbours []Neighbour) []Neighbour {
	for i, n := range neighbours {
		if n.Index >= 0 {
			neighbours[i].Index = n.Index % t.trained
		}
	}
	return neighbours
}

// recover tries the test on copies.
func (t *CopyTest) recover(copies Features) Recovery {
	r := Recovery{Of: len(copies)}
	for _, n := range t.Nearest(copies) {
		if n.Distance < t.Threshold {
			r.Found++
		}
	}
	return r
}

// Works says whether enough of the known copies of either kind are found for
// anything to be said of others.
func (t *CopyTest) Works() bool {
	return min(t.Autoencoded.Share(), t.Mirrored.Share()) >= copyPower
}

// Copies tells which images are taken for copies; nil if the test does not work.
func (t *CopyTest) Copies(images []Neighbour) []bool {
	if !t.Works() {
		return nil
	}
	copies := make([]bool, len(images))
	for i, n := range images {
		copies[i] = n.Distance < t.Threshold
	}
	return copies
}

// Chance is the probability that as many of some images, or more, are taken for copies if none is
// one: beta-binomial, since all are held against one threshold and the share of honest images
// beyond the r-th nearest of n others is Beta(r, n+1−r).
func (t *CopyTest) Chance(copies, images int) float64 {
	n := len(t.Honest)
	if n == 0 {
		return 1
	}
	r := float64(rankOf(n))
	p := 0.0
	for k := copies; k <= images; k++ {
		choose := -math.Log(float64(images+1)) - mathext.Lbeta(float64(k+1), float64(images-k+1))
		p += math.Exp(choose + mathext.Lbeta(float64(k)+r, float64(images-k)+float64(n)+1-r) - mathext.Lbeta(r, float64(n)+1-r))
	}
	return min(p, 1)
}

// Note says how the test did on copies that are known.
func (t *CopyTest) Note() string {
	found := func(r Recovery) string { return fmt.Sprintf("%d of %d", r.Found, r.Of) }
	text := fmt.Sprintf("of the training photos themselves, autoencoded, the test finds %s, and of their mirror images %s", found(t.Autoencoded), found(t.Mirrored))
	if t.Works() {
		return text
	}
	return text + fmt.Sprintf(": less than %.0f %%, too few for anything to be said of copies", 100*copyPower)
}

// copyThreshold is the distance below which an image is taken for a copy.
func copyThreshold(honest []Neighbour) float64 {
	if len(honest) == 0 {
		return 0
	}
	distances := make([]float64, len(honest))
	for i, n := range honest {
		distances[i] = n.Distance
	}
	slices.Sort(distances)
	return distances[rankOf(len(honest))-1]
}

// rankOf is which of n honest images, by distance, sets the threshold.
func rankOf(n int) int { return max(1, int(copyLevel*float64(n+1))) }
