package result

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The wanted values are numpy 2.4's, from the kernel's matrix as Bińkowski et
// al. write it, and once for each image left out.
func TestKIDAgainstNumpy(t *testing.T) {
	got := kernelDistance(made, shots)
	near(t, "KID", got.Mean, -1.4041666666666686)
	near(t, "its standard error", got.SE, 6.024732109083327)
	paired, ok := PairedKID(made[:4], shots)
	near(t, "KID of pairs", paired.Mean, -3.4114583333333335)
	near(t, "its standard error", paired.SE, 9.03919642114852)
	if _, other := PairedKID(made, shots); !ok || other {
		t.Error("pairs have no KID, or what is not paired has one")
	}
}

// KID of few images orders nothing, and there is none.
func TestKIDNeedsImages(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	photos := gauss(random, 40, 8, 0)
	for n, want := range map[int]bool{8: false, KIDFewest - 1: false, KIDFewest: true} {
		if _, ok := KID(gauss(random, n, 8, 0), photos); ok != want {
			t.Errorf("KID of %d images: %v", n, ok)
		}
	}
}

// Images made from photos by moving them all alike are as far from these as
// other photos moved alike would be; photos that are only measured again are
// no distance away. It is known more closely than of images made from others.
func TestPairedKID(t *testing.T) {
	const simulations, n, features = 400, 30, 16
	for _, shift := range []float64{0, 0.5} {
		random := rand.New(rand.NewPCG(5, 6))
		var paired, apart []float64
		for range simulations {
			photos, others := gauss(random, n, features, 0), gauss(random, n, features, 0)
			moved := make(Features, n)
			for i, row := range photos {
				for _, x := range row {
					moved[i] = append(moved[i], x+shift)
				}
			}
			of, _ := PairedKID(moved, photos)
			paired, apart = append(paired, of.Mean), append(apart, kernelDistance(moved, others).Mean)
		}
		p, a, truth := Over(paired), Over(apart), truthOf(features, shift)
		if math.Abs(p.Mean-truth) > 4*p.SD/math.Sqrt(simulations)+1e-9 || p.SD >= a.SD {
			t.Errorf("shift %g: mean %.4f, want %.4f; deviation %.4f, that of other photos %.4f", shift, p.Mean, truth, p.SD, a.SD)
		}
	}
}

// KID's intervals hold the true distance with eight images as with more. Where
// it is 0 the statistic is degenerate, and the jackknife's variance too large.
func TestKIDCovers(t *testing.T) {
	const simulations, features = 1000, 16
	for _, test := range []struct {
		generated, real int
		shift           float64
	}{{8, 60, 0}, {8, 60, 0.5}, {30, 60, 0.5}, {30, 30, 0}} {
		random := rand.New(rand.NewPCG(9, 10))
		truth := truthOf(features, test.shift)
		held := 0
		for range simulations {
			got := kernelDistance(gauss(random, test.generated, features, test.shift), gauss(random, test.real, features, 0))
			if got.Interval.Low <= truth && truth <= got.Interval.High {
				held++
			}
		}
		if rate := float64(held) / simulations; rate < 0.93 {
			t.Errorf("%d and %d images, shift %g: %.1f %% hold %.4f", test.generated, test.real, test.shift, 100*rate, truth)
		}
	}
}

// truthOf is the squared discrepancy of two normal distributions of d features
// with unit variances, the means of all features apart by shift. With z = x·y/d,
// E(1+z)³ = 1 + 3Ez + 3Ez² + Ez³ of independent x and y, from the moments of the
// d products.
func truthOf(d int, shift float64) float64 {
	kernel := func(a, b float64) float64 {
		// Moments of one product of independent N(a,1) and N(b,1).
		m1, m2, m3 := a*b, (1+a*a)*(1+b*b), (a*a*a+3*a)*(b*b*b+3*b)
		n := float64(d)
		second := n*m2 + n*(n-1)*m1*m1
		third := n*m3 + 3*n*(n-1)*m2*m1 + n*(n-1)*(n-2)*m1*m1*m1
		return 1 + 3*m1 + 3*second/(n*n) + third/(n*n*n)
	}
	return kernel(shift, shift) + kernel(0, 0) - 2*kernel(shift, 0)
}
