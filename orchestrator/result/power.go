package result

import (
	"math"
	"math/rand/v2" // with one seed, so that the same design is always said to show the same
	"sort"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Design is how much a study that has not been run will look at.
type Design struct {
	Images     int // tested
	Parts      int // that these show: as many as Images where each shows one of its own
	Classes    int // that are tested
	Seeds      int
	Conditions int  // all of which are compared with each other
	OneRival   bool // or rather with the first alone
}

// Assumed is what a design's power depends on, and nobody knows before the run.
type Assumed struct {
	Accuracy float64 `json:"accuracy"` // about which conditions differ

	// Correlations of whether two classifiers find an image of a class: two that were
	// trained on the same set, and two that were trained on different ones.
	SameSet  float64 `json:"correlation_same_set"`
	OtherSet float64 `json:"correlation_other_set"`

	TrainingSD   float64 `json:"training_sd"`   // of accuracy from training to training, on ever so many test images
	DesignEffect float64 `json:"design_effect"` // by how much images that share parts raise a variance over images
}

// variances are those of a difference of two conditions' accuracies by where they
// come from, with one seed and one test image.
type variances struct {
	lasting  float64 // of an image that is easier for one condition in every run
	passing  float64 // of an image whose answers change from run to run
	training float64 // of runs that are better or worse as a whole, however many images are tested
	cluster  float64 // the design effect
}

// variances follow from correlations as in Obuchowski and Rockette's model, on which sample
// sizes are planned in radiology (Hillis, Obuchowski and Berbaum, Academic Radiology 18,
// 2011): what two conditions have in common drops out of their difference.
func (a Assumed) variances() variances {
	image := 2 * a.Accuracy * (1 - a.Accuracy)
	return variances{
		lasting: image * (a.SameSet - a.OtherSet), passing: image * (1 - a.SameSet),
		training: 2 * a.TrainingSD * a.TrainingSD, cluster: a.DesignEffect,
	}
}

// found are the variances that a comparison of such a design shows.
func (c Comparison) found(d Design) variances {
	images, runs := float64(d.Images), float64(d.Seeds)
	return variances{
		lasting: max(0, c.variance.images-c.variance.both) * images, passing: c.variance.both * images * runs,
		training: max(0, c.variance.seeds-c.variance.both) * runs, cluster: 1,
	}
}

// Comparisons is the number of pairs of conditions that are compared.
func (d Design) Comparisons() int {
	if d.OneRival {
		return d.Conditions - 1
	}
	return d.Conditions * (d.Conditions - 1) / 2
}

// Detectable is the smallest true difference between two conditions that the study will
// call significant with a probability of 80 %, rounded up to a thousandth; 1 where there
// is none, and with one seed there is none.
func (d Design) Detectable(a Assumed) float64 { return d.detectable(a.variances()) }

func (d Design) detectable(s variances) float64 {
	if d.Seeds < 2 || d.Conditions < 2 || d.Parts <= d.Classes {
		return 1
	}
	o := d.outlook(s)
	return float64(sort.Search(1000, func(i int) bool { return o.power(float64(i)/1000) >= power })) / 1000
}

// What is proposed: no more than mostSeeds, and images up to 99,000.
const mostSeeds, numbersOfImages = 50, 4 * 90

// SeedsFor is the smallest number of seeds with which the same test images show a
// difference, 0 if there is none within reason.
func (d Design) SeedsFor(difference float64, a Assumed) int {
	return d.seedsFor(difference, a.variances())
}

func (d Design) seedsFor(difference float64, v variances) int {
	return smallest(mostSeeds-1, func(i int) int { return 2 + i }, func(seeds int) bool {
		d.Seeds = seeds
		return d.detectable(v) <= difference
	})
}

// ImagesFor is the smallest number of test images, in two digits, with which the same seeds show a
// difference, with as many images of each part as there are; 0 if there is none within reason.
func (d Design) ImagesFor(difference float64, a Assumed) int {
	return d.imagesFor(difference, a.variances())
}

func (d Design) imagesFor(difference float64, v variances) int {
	perPart := float64(d.Images) / float64(d.Parts)
	return smallest(numbersOfImages, inTwoDigits, func(images int) bool {
		d.Images, d.Parts = images, int(float64(images)/perPart)
		return d.detectable(v) <= difference
	})
}

// inTwoDigits counts numbers of two digits, with zeros behind them: 10, 11, …, 99, 100, 110, …
func inTwoDigits(i int) int {
	n := 10 + i%90
	for range i / 90 {
		n *= 10
	}
	return n
}

// smallest of n numbers that will do, where all that are larger do as well; 0 if none does.
func smallest(n int, number func(int) int, do func(int) bool) int {
	if i := sort.Search(n, func(i int) bool { return do(number(i)) }); i < n {
		return number(i)
	}
	return 0
}

// outlook is what tests will ask of a difference, and how far it will be off.
type outlook struct {
	needed []float64 // by the t test, in each imagined study
	se     float64   // of the mean difference, for other seeds and other test images

	// Of the exact test over images: its quantile, the variance of an image's mean
	// difference over seeds, and the number of independent images.
	quantile, variance, images float64
}

// imaginedStudies are those whose spread over seeds is drawn. A difference is then
// known to a few percent, better than what is assumed. More conditions than
// imaginedConditions pool no other variance.
const imaginedStudies, imaginedConditions = 100, 8

// outlook imagines studies of this design with normal deviates for accuracies, and asks
// the tests themselves what they would need: the t test that pools the comparisons'
// variances over seeds, at Level divided by the number of comparisons, the first step of
// Holm's method. Variances over images are taken to be known.
func (d Design) outlook(s variances) outlook {
	images, runs := float64(d.Images)/s.cluster, float64(d.Seeds)
	level := Level / float64(d.Comparisons())
	o := outlook{
		se:       math.Sqrt(s.lasting/images + (s.training+s.passing/images)/runs),
		quantile: distuv.UnitNormal.Quantile(1 - level/2), variance: s.lasting + s.passing/runs, images: images,
	}
	known := variance{
		images: o.variance / images, both: s.passing / images / runs,
		imagesDF: float64(d.Parts - d.Classes), seedsDF: runs - 1,
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range imaginedStudies {
		list := d.imagine(random, math.Sqrt((s.training+s.passing/images)/2), known)
		pool(list)
		v := list[0].variance
		ofImages, ofRuns := v.components()
		o.needed = append(o.needed, v.quantile(1-level/2)*math.Sqrt(ofImages+ofRuns))
	}
	return o
}

// imagine draws the accuracies of every condition's runs, whose standard deviation is
// given, and compares conditions as compare does.
func (d Design) imagine(random *rand.Rand, sd float64, known variance) []Comparison {
	runs, conditions := float64(d.Seeds), min(d.Conditions, imaginedConditions)
	accuracy, own := make([][]float64, conditions), make([]float64, conditions)
	for c := range accuracy {
		for range d.Seeds {
			accuracy[c] = append(accuracy[c], sd*random.NormFloat64())
		}
		own[c] = stat.Variance(accuracy[c], nil) / runs
	}
	var list []Comparison
	for b := range accuracy {
		for a := range b {
			if d.OneRival && a > 0 {
				break
			}
			c := Comparison{Seeds: make([]int64, d.Seeds), own: [2]float64{own[a], own[b]}, variance: known}
			c.variance.seeds = own[a] + own[b] - 2*stat.Covariance(accuracy[a], accuracy[b], nil)/runs
			list = append(list, c)
		}
	}
	return list
}

// power is the probability with which a true difference is called significant: that of
// the test which finds it less often. For the exact test over images that is Connor's
// (Biometrics 43, 1987), with images' means over seeds for differences of single answers.
func (o outlook) power(difference float64) float64 {
	found := 0.0
	for _, needed := range o.needed {
		found += distuv.UnitNormal.CDF((difference - needed) / o.se)
	}
	needed := o.quantile * math.Sqrt((o.variance+difference*difference)/o.images)
	return min(found/float64(len(o.needed)), distuv.UnitNormal.CDF((difference-needed)/math.Sqrt(o.variance/o.images)))
}

// Assume is what is taken to hold before anything is known, see docs/results.md. alike is
// the number of images of a test image's part, on average over test images: those of one
// part are taken to correlate by a half (Kish, Survey Sampling, 1965, has the design effect).
func Assume(alike float64) Assumed {
	return Assumed{Accuracy: 0.8, SameSet: 0.5, OtherSet: 0.4, TrainingSD: 0.03, DesignEffect: 1 + (alike-1)/2}
}
