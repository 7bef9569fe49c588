package result

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// answers of three seeds on ten images, and better ones.
var (
	answers = [][]int{{1, 1, 0, 1, 1, 0, 1, 1, 0, 1}, {1, 0, 0, 1, 0, 0, 1, 0, 0, 0}, {1, 1, 0, 1, 0, 0, 1, 1, 1, 1}}
	better  = [][]int{{1, 1, 1, 1, 1, 1, 1, 1, 0, 1}, {1, 1, 0, 1, 0, 1, 1, 0, 1, 0}, {0, 1, 1, 1, 1, 0, 1, 1, 1, 1}}
)

// The wanted values are mean squares of statsmodels 0.15.0, divided by their
// number of images and seeds: with y the answers,
//
//	t = anova_lm(ols("y ~ C(seed) + C(image)", data).fit()); t.sum_sq / t.df / 30
func TestVarianceAgainstStatsmodels(t *testing.T) {
	c := crossed{strata: [][]int{{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}}, sizes: slices.Repeat([]float64{1}, 10)}
	for _, row := range answers {
		parts := make([]float64, len(row))
		for i, right := range row {
			parts[i] = float64(right) / 10
		}
		c.parts = append(c.parts, parts)
	}
	v := c.variance()
	near(t, "seeds", v.seeds, 0.01777777777777778)
	near(t, "images", v.images, 0.01493827160493827)
	near(t, "both", v.both, 0.004197530864197533)
	near(t, "total", v.total(), 0.02851851851851852)
	near(t, "degrees of freedom", v.df(), 4.448686002241715)
	near(t, "quantile", student(v.df()).Quantile(0.975), 2.6694194440528833) // scipy.stats.t.ppf
	images, runs := v.components()
	near(t, "of images alone", images, 0.01074074074074074)
	near(t, "Cochran's quantile", v.cochran(), 3.534154399339249) // scipy.stats.t.ppf with 9 and 2, weighted
	// Obuchowski and Rockette's (var(theta) + S·Cov2)/S with numpy, theta the three
	// accuracies, and Cov2 their mean covariance by the jackknife of the images.
	near(t, "of readers and cases", images+runs, 0.028518518518518516)
}

// Two classes, of six and four images: the same tables of the images of each
// class, weighted by the square of its share, and with scipy 1.17.1's t.ppf
//
//	q = (images·t.ppf(.975, 8) + seeds·t.ppf(.975, 2)) / (images + seeds)
//	d = (images + seeds)**2 / (images**2 / 8 + seeds**2 / 2)
//	sin(arcsin(sqrt(m)) ± (.7·q + .3·t.ppf(.975, d))·SE / (2·sqrt(m·(1-m))))**2
func TestAccuracyOverSeeds(t *testing.T) {
	r := table(t, []int{6, 4}, answers...)
	got := r.Accuracy()
	near(t, "mean", got.Mean, 17.0/30)
	near(t, "SE", got.SE, 0.17191729277636836)
	near(t, "degrees of freedom", got.DF, 4.632632647196831)
	near(t, "low", got.Interval.Low, 0.08314291906775877)
	near(t, "high", got.Interval.High, 0.975004272586181)
	// numpy: the mean of both classes' recalls, its mean and std(ddof=1).
	balanced := r.BalancedAccuracy()
	near(t, "balanced accuracy", balanced.Mean, 0.5833333333333334)
	near(t, "its standard deviation", balanced.SD, 0.25344843876242584)
}

// A single run has Wilson's interval, and perfect runs no certainty.
func TestIntervalsAtTheEdge(t *testing.T) {
	one := table(t, []int{6, 4}, answers[0]).Accuracy()
	if one.Interval != Wilson(0.7, 10) {
		t.Errorf("of one run: %+v", one.Interval)
	}
	ones := []int{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}
	perfect := table(t, []int{6, 4}, ones, ones).Accuracy()
	if perfect.Interval.High != 1 || math.Abs(perfect.Interval.Low-0.65) > 0.05 {
		t.Errorf("of perfect runs: %+v", perfect.Interval)
	}
	// One class always found, the other never: nothing varies.
	split := []int{1, 1, 1, 1, 1, 1, 0, 0, 0, 0}
	if got := table(t, []int{6, 4}, split, split, split).Accuracy().Interval; got.High-got.Low < 0.4 {
		t.Errorf("of runs that do not vary: %+v", got)
	}
}

// The wanted values are scikit-learn 1.9.1's f1_score and, for the standard
// error, numpy 2.4's over 20,000 resamples of five of the six and three of the
// four images, put together as variance says.
func TestMacroF1OverSeeds(t *testing.T) {
	got := table(t, []int{6, 4}, answers...).MacroF1()
	near(t, "mean", got.Mean, 0.5622895622895623)
	if math.Abs(got.SE/0.17400742195813446-1) > 0.04 {
		t.Errorf("SE is %g, want %g to 4 %%", got.SE, 0.17400742195813446)
	}
	if again := table(t, []int{6, 4}, answers...).MacroF1(); again != got {
		t.Errorf("another time: %+v after %+v", again, got)
	}
}

// The p value is the level of the quantile, and Student's where both kinds of
// chance have as many degrees of freedom.
func TestPValueIsTheLevelOfTheQuantile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := variance{
			images: rapid.Float64Range(1e-6, 1e-2).Draw(t, "images"), imagesDF: rapid.Float64Range(3, 300).Draw(t, "of images"),
			seeds: rapid.Float64Range(1e-6, 1e-2).Draw(t, "seeds"), seedsDF: rapid.Float64Range(1, 20).Draw(t, "of seeds"),
		}
		level := rapid.Float64Range(1e-5, 0.9).Draw(t, "level")
		mean := v.quantile(1-level/2) * math.Sqrt(v.images+v.seeds)
		if got := v.pValue(-mean); math.Abs(got-level) > 1e-6*level {
			t.Fatalf("%+v: p is %g, want %g", v, got, level)
		}
		v.seedsDF = v.imagesDF
		mean = v.quantile(1-level/2) * math.Sqrt(v.images+v.seeds)
		if got, want := v.pValue(mean), 2*student(v.imagesDF).CDF(-mean/math.Sqrt(v.images+v.seeds)); math.Abs(got-want) > 1e-6*want {
			t.Fatalf("%+v: p is %g, Student's %g", v, got, want)
		}
	})
	if got := (variance{}).pValue(0.1); got != 0 {
		t.Errorf("of a difference that nothing varies: %g", got)
	}
}
