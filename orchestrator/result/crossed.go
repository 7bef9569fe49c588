package result

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"        // variances; Go's numerical library, BSD
	"gonum.org/v1/gonum/stat/distuv" // quantiles of Student's t and the normal distribution
)

// crossed is a sum over test images, once for every run: parts[s][i] is what image i adds in run s,
// or part i where several images show one part. Runs and images both are samples, and every run
// sees every image: a layout of two crossed random factors.
type crossed struct {
	parts  [][]float64
	sizes  []float64 // the weight of each part's images in the sum
	strata [][]int   // parts by class
}

// variance is the variance of a mean over runs, by where it comes from.
type variance struct {
	images float64 // another choice of test images of the same classes
	seeds  float64 // other seeds, as the runs' own spread shows it
	both   float64 // the share of seeds that is images fluctuating from run to run, which images has already
	// degrees of freedom
	imagesDF, seedsDF float64
}

// total is the variance of the mean over runs, the fluctuation of single images counted once:
// images + seeds - both (the two-way formula of Cameron, Gelbach and Miller, J. Business & Economic
// Statistics 29, 2011), and never below images.
func (v variance) total() float64 { return v.images + max(0, v.seeds-v.both) }

// components are what images that are alike in every run, and what runs add to the variance of the
// mean over runs: with readers for runs and cases for images those of Obuchowski and Rockette
// (Communications in Statistics, Simulation 24, 1995), as radiology has them. Other than in total
// it is the images' part that may not fall below 0.
func (v variance) components() (images, runs float64) {
	if v.seedsDF == 0 {
		return v.images, 0
	}
	return max(0, v.images-v.both), v.seeds
}

// quantile is that of the mean over runs in standard errors: Student's for the degrees of freedom
// of images and of runs, weighted by their components (Cochran, Biometrics 20, 1964). A single
// number of degrees of freedom, such as Satterthwaite's or Hillis's (Statistics in Medicine 26,
// 2007), comes out too large whenever a few runs happen to lie close together.
func (v variance) quantile(p float64) float64 {
	images, runs := v.components()
	quantile := student(max(1, v.imagesDF)).Quantile(p)
	if runs == 0 {
		return quantile
	}
	return (images*quantile + runs*student(v.seedsDF).Quantile(p)) / (images + runs)
}

// cochran is the two-sided 95 % quantile.
func (v variance) cochran() float64 { return v.quantile(0.975) }

// tempered is the two-sided 95 % quantile of an interval that nothing is decided by. Cochran's is
// the most that it can be, and holds the truth too often where runs add a little to what images do;
// Satterthwaite's is too small whenever a few runs happen to lie close together. Of three runs and
// more it lies between them, at seven tenths, where simulated intervals hold the truth at their
// rate (docs/results.md); two runs, with one degree of freedom, leave Cochran's.
func (v variance) tempered() float64 {
	images, runs := v.components()
	if runs == 0 || v.seedsDF < 2 {
		return v.cochran()
	}
	total := images + runs
	df := total * total / (images*images/max(1, v.imagesDF) + runs*runs/v.seedsDF)
	return 0.7*v.cochran() + 0.3*student(df).Quantile(0.975)
}

// pValue is the two-sided p value of a mean over runs against 0: the level at
// which quantile is as far out as the mean. It lies between those of Student's t
// with either number of degrees of freedom.
func (v variance) pValue(mean float64) float64 {
	images, runs := v.components()
	switch {
	case mean == 0:
		return 1
	case images+runs == 0:
		return 0
	}
	out := math.Abs(mean) / math.Sqrt(images+runs)
	ofImages, ofRuns := 2*student(max(1, v.imagesDF)).CDF(-out), 2*student(max(1, v.seedsDF)).CDF(-out)
	if runs == 0 {
		return ofImages
	}
	least, most := max(leastP, min(ofImages, ofRuns)), max(leastP, ofImages, ofRuns)
	beyond := func(logarithm float64) float64 { return math.Log(v.quantile(1-math.Exp(logarithm)/2) / out) }
	if beyond(math.Log(least)) <= 0 {
		return least
	}
	return min(1, math.Exp(root(beyond, math.Log(least), math.Log(most))))
}

// leastP is the smallest p value of a mean over runs: 1 less half of it is still told from 1.
const leastP = 1e-12

// root of a function that changes its sign between a and b, by false position
// (the Illinois rule: Dowell and Jarratt, BIT 11, 1971).
func root(f func(float64) float64, a, b float64) float64 {
	fa, fb := f(a), f(b)
	for range 50 {
		if fa == fb || math.Abs(b-a) < 1e-9 || math.Abs(fb) < 1e-9 {
			break
		}
		c := b - fb*(b-a)/(fb-fa)
		fc := f(c)
		if fb*fc < 0 {
			a, fa = b, fb
		} else {
			fa /= 2
		}
		b, fb = c, fc
	}
	return b
}

// df is Satterthwaite's approximation of the degrees of freedom (Biometrics Bulletin 2, 1946). The
// seeds enter with the spread that they show, without both taken off: with two to five seeds the
// difference is too uncertain to earn degrees of freedom.
func (v variance) df() float64 {
	total := v.total()
	if total == 0 {
		return max(1, v.imagesDF)
	}
	spread := v.images * v.images / max(1, v.imagesDF)
	if v.seedsDF > 0 {
		spread += v.seeds * v.seeds / v.seedsDF
	}
	return total * total / spread
}

// sums lists the sum of every run.
func (c crossed) sums() []float64 {
	sums := make([]float64, len(c.parts))
	for s, parts := range c.parts {
		for _, part := range parts {
			sums[s] += part
		}
	}
	return sums
}

// variance estimates the parts. Within each class the images are a random sample and their number
// is given, so images is the variance of stratified sampling (Cochran, Sampling Techniques, 3rd
// ed., 1977, theorem 5.3), which a stratified bootstrap of the images has for its limit (Rao and
// Wu, JASA 83, 1988); both is the mean square of the two-way layout's residuals. Parts of unequal
// numbers of images make the sum a ratio of two random numbers, whose variance is that of what each
// part has beyond its share (ibid., theorem 11.1, as for clusters of unequal size).
func (c crossed) variance() variance {
	sums := c.sums()
	c.parts = c.beyondShare()
	v := variance{imagesDF: float64(len(c.parts[0]) - len(c.strata))}
	runs := float64(len(c.parts))
	for _, images := range c.strata {
		n := float64(len(images))
		if n < 2 {
			continue
		}
		means, ofRun := c.means(images)
		v.images += n * stat.Variance(means, nil)
		if runs < 2 {
			continue
		}
		overall, squares := stat.Mean(means, nil), 0.0
		for s := range c.parts {
			for at, i := range images {
				residual := c.parts[s][i] - means[at] - ofRun[s] + overall
				squares += residual * residual
			}
		}
		v.both += n * squares / ((n - 1) * (runs - 1)) / runs
	}
	if runs > 1 {
		v.seeds = stat.Variance(sums, nil) / runs
		v.seedsDF = runs - 1
	}
	return v
}

// beyondShare takes off every part what it would add if its images were as those of its
// class on average. Where all parts have as many images that would change no variance,
// and they stay as they are.
func (c crossed) beyondShare() [][]float64 {
	beyond := make([][]float64, len(c.parts))
	for s, parts := range c.parts {
		beyond[s] = slices.Clone(parts)
		for _, stratum := range c.strata {
			sum, size, uneven := 0.0, 0.0, false
			for _, i := range stratum {
				sum, size, uneven = sum+parts[i], size+c.sizes[i], uneven || c.sizes[i] != c.sizes[stratum[0]]
			}
			for _, i := range stratum {
				if uneven {
					beyond[s][i] -= sum / size * c.sizes[i]
				}
			}
		}
	}
	return beyond
}

// means over runs of each of some images, and over these images of each run.
func (c crossed) means(images []int) (ofImage, ofRun []float64) {
	ofImage, ofRun = make([]float64, len(images)), make([]float64, len(c.parts))
	for s, parts := range c.parts {
		for at, i := range images {
			ofImage[at] += parts[i] / float64(len(c.parts))
			ofRun[s] += parts[i] / float64(len(images))
		}
	}
	return ofImage, ofRun
}

// student is Student's t distribution.
func student(df float64) distuv.StudentsT { return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: df} }
