package result

import (
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
)

// KID is the kernel inception distance of two sets of images: the unbiased estimate of the squared
// maximum mean discrepancy (Gretton et al., JMLR 13, 2012, lemma 6) with the kernel (x·y/d + 1)³ of
// d features (Bińkowski et al., Demystifying MMD GANs, ICLR 2018), in any network's features. It is
// 0 on average for two samples of one distribution, so it may be negative. Unlike the Fréchet
// distance it has no bias for as few as eight images.
//
// The interval is mean ± t·SE with the jackknife of a U statistic of two samples (Arvesen, Annals
// of Mathematical Statistics 40, 1969) and the degrees of freedom of the smaller sample. false for
// fewer than KIDFewest images, or fewer than three photos.
func KID(generated, real Features) (Estimate, bool) {
	if len(generated) < KIDFewest || len(real) < 3 {
		return Estimate{}, false
	}
	return kernelDistance(generated, real), true
}

func kernelDistance(generated, real Features) Estimate {
	m, n := len(generated), len(real)
	within, across, other := sumsOf(generated, generated), sumsOf(generated, real), sumsOf(real, real)
	g, x, r := floats.Sum(within), floats.Sum(across), floats.Sum(other)
	value := mmd(g, x, r, m, n)
	// Leaving an image out takes its row, and its column, from the sums.
	leftOut := make([]float64, m)
	for i := range leftOut {
		leftOut[i] = mmd(g-2*within[i], x-across[i], r, m-1, n)
	}
	variance := jackknife(leftOut)
	toGenerated := sumsOf(real, generated)
	leftOut = make([]float64, n)
	for j := range leftOut {
		leftOut[j] = mmd(g, x-toGenerated[j], r-2*other[j], m, n-1)
	}
	variance += jackknife(leftOut)
	return studentEstimate(value, variance, min(m, n))
}

// KIDFewest is the fewest generated images that KID is worked out for.
const KIDFewest = 32

// PairedKID is the kernel distance of images from the very images that each was made from, by
// number: Gretton et al.'s estimate over pairs of pairs, without the terms in which an image meets
// its own original. So two times n images say how far the making moves them, unblurred by which
// images they happen to be. false for fewer than three.
func PairedKID(made, originals Features) (Estimate, bool) {
	n := len(made)
	if n < 3 || len(originals) != n {
		return Estimate{}, false
	}
	within, other := sumsOf(made, made), sumsOf(originals, originals)
	across, back := sumsOf(made, originals), sumsOf(originals, made)
	each := make([]float64, n) // of all terms in which an image or its original is
	total := 0.0
	for i := range each {
		own := kernel(made[i], originals[i])
		each[i] = within[i] + other[i] - (across[i] - own) - (back[i] - own)
		total += each[i]
	}
	leftOut := make([]float64, n)
	for i, x := range each {
		leftOut[i] = (total - 2*x) / float64((n-1)*(n-2))
	}
	return studentEstimate(total/float64(n*(n-1)), jackknife(leftOut), n), true
}

// studentEstimate has the degrees of freedom of n images.
func studentEstimate(value, variance float64, n int) Estimate {
	e := Estimate{Spread: Spread{N: 1, Mean: value}, SE: math.Sqrt(variance), DF: float64(n - 1)}
	half := e.quantile() * e.SE
	e.Interval = Interval{value - half, value + half}
	return e
}

// kernel is that of two images.
func kernel(x, y []float64) float64 { return math.Pow(floats.Dot(x, y)/float64(len(x))+1, 3) }

// sumsOf sums the kernel of each image with all others; an image is not its own other.
func sumsOf(a, b Features) []float64 {
	same := len(a) == len(b) && len(a) > 0 && &a[0] == &b[0]
	sums := make([]float64, len(a))
	for i, x := range a {
		for j, y := range b {
			if !same || i != j {
				sums[i] += kernel(x, y)
			}
		}
	}
	return sums
}

// mmd is the estimate from the sums of the kernel within and across the sets.
func mmd(generated, across, real float64, m, n int) float64 {
	a, b := float64(m), float64(n)
	return generated/(a*(a-1)) + real/(b*(b-1)) - 2*across/(a*b)
}

// jackknife is the variance that estimates with one image left out show.
func jackknife(leftOut []float64) float64 {
	n := float64(len(leftOut))
	return (n - 1) * (n - 1) / n * stat.Variance(leftOut, nil)
}
