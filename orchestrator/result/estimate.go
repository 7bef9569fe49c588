package result

import (
	"encoding/json"
	"math"

	"gonum.org/v1/gonum/stat"
)

// Estimate is a metric over the seeds of a condition, or the difference of two
// conditions' metrics, with how well it is known.
type Estimate struct {
	Spread            // over seeds
	SE       float64  // standard error: other seeds and other test images
	DF       float64  // its degrees of freedom
	Interval Interval // 95 %
}

// MarshalJSON implements json.Marshaler, without the number of seeds.
func (e Estimate) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Spread
		SE   float64 `json:"se"`
		DF   float64 `json:"df"` // of Student's t
		Low  float64 `json:"low"`
		High float64 `json:"high"`
	}{e.Spread, e.SE, e.DF, e.Interval.Low, e.Interval.High})
}

// newEstimate sets the moments; the caller adds the interval.
func newEstimate(values []float64, v variance) Estimate {
	images, runs := v.components()
	return Estimate{Spread: Over(values), SE: math.Sqrt(images + runs), DF: v.df()}
}

// quantile is Student's two-sided 95 % quantile.
func (e Estimate) quantile() float64 { return student(e.DF).Quantile(0.975) }

// newShare estimates the mean over runs of a metric between 0 and 1. Its
// interval is symmetrical in the arcsine of the root, whose variance hardly
// depends on the mean (Bartlett, Biometrics 3, 1947): so it stays within 0 and
// 1. docs/results.md says how often it holds the truth, and what else was tried.
func newShare(values []float64, v variance, images int) Estimate {
	e := newEstimate(values, v)
	m := min(max(e.Mean, 0), 1)
	if e.SE == 0 || m == 0 || m == 1 {
		// Nothing varies: all is right or wrong, or every class all one or the
		// other. That is no certainty, so no more is known than images tell.
		e.Interval = scoreInterval(m, float64(images), v.tempered())
		return e
	}
	angle, half := math.Asin(math.Sqrt(m)), v.tempered()*e.SE/(2*math.Sqrt(m*(1-m)))
	low, high := math.Sin(max(0, angle-half)), math.Sin(min(math.Pi/2, angle+half))
	e.Interval = Interval{low * low, high * high}
	return e
}

// Accuracy is the mean accuracy with its interval; that of a single run is Wilson's, which is known
// to cover. Where several images show one part it is Wilson's of as many independent images as
// would be known as well (Korn and Graubard, Survey Methodology 24, 1998), with Student's quantile
// for the number of parts.
func (r *Runs) Accuracy() Estimate {
	e := r.weighted(r.shares())
	if e.N == 1 && r.Parts() == r.Tested() {
		e.Interval = Wilson(e.Mean, r.Tested())
	} else if e.N == 1 {
		e.Interval = scoreInterval(e.Mean, r.independent(e), e.quantile())
	}
	return e
}

// independent is the number of independent images that would know a single run's
// accuracy as well as images of these parts do.
func (r *Runs) independent(e Estimate) float64 {
	if e.SE == 0 {
		return float64(r.Parts())
	}
	return min(float64(r.Tested()), e.Mean*(1-e.Mean)/(e.SE*e.SE))
}

// BalancedAccuracy is the mean of the classes' recalls with its interval.
func (r *Runs) BalancedAccuracy() Estimate { return r.weighted(r.balanced()) }

func (r *Runs) weighted(weights []float64) Estimate { return r.averaged(weights, r.right) }

// averaged estimates what images add up to by their weights, with a value of each in every run.
func (r *Runs) averaged(weights []float64, value func(run, image int) float64) Estimate {
	c := crossed{strata: r.strata, sizes: r.byPart(func(i int) float64 { return weights[i] })}
	for s := range r.predicted {
		c.parts = append(c.parts, r.byPart(func(i int) float64 { return weights[i] * value(s, i) }))
	}
	return newShare(c.sums(), c.variance(), r.Parts())
}

// Spread is the mean and the standard deviation of one metric over seeds.
type Spread struct {
	N    int     `json:"-"`
	Mean float64 `json:"mean"`
	SD   float64 `json:"sd"` // of the sample (divisor N-1); 0 for a single value
}

// Over summarises values.
func Over(values []float64) Spread {
	switch len(values) {
	case 0:
		return Spread{}
	case 1:
		return Spread{N: 1, Mean: values[0]}
	}
	mean, sd := stat.MeanStdDev(values, nil)
	return Spread{len(values), mean, sd}
}

// Interval is a range of plausible values.
type Interval struct{ Low, High float64 }

// z95 is the normal distribution's quantile for two-sided 95 %.
const z95 = 1.959963984540054

// Wilson is the 95 % score interval of a proportion that was seen in n trials (Wilson, JASA 22,
// 1927; without continuity correction, as statsmodels' proportion_confint with method "wilson"). It
// keeps its coverage for small n and near 0 and 1 (Newcombe, Statistics in Medicine 17, 1998).
// Without trials it is 0 to 1.
func Wilson(proportion float64, n int) Interval {
	if n <= 0 {
		return Interval{0, 1}
	}
	return scoreInterval(proportion, float64(n), z95)
}

// scoreInterval is Wilson's formula with another quantile than the normal distribution's.
func scoreInterval(p, trials, quantile float64) Interval {
	zz := quantile * quantile
	centre := (p + zz/(2*trials)) / (1 + zz/trials)
	half := quantile / (1 + zz/trials) * math.Sqrt(p*(1-p)/trials+zz/(4*trials*trials))
	interval := Interval{math.Max(0, centre-half), math.Min(1, centre+half)}
	if p == 0 {
		interval.Low = 0 // exactly, whatever rounding says
	}
	if p == 1 {
		interval.High = 1
	}
	return interval
}
