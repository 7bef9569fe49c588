package result

import "math"

// Estimate is a metric over the seeds of a condition, or the difference of two
// conditions' metrics, with how well it is known.
type Estimate struct {
	Spread            // over seeds
	SE       float64  // standard error: other seeds and other test images
	DF       float64  // its degrees of freedom
	Interval Interval // 95 %
}

// newEstimate sets the moments; the caller adds the interval.
func newEstimate(values []float64, v variance) Estimate {
	return Estimate{Spread: Over(values), SE: math.Sqrt(v.total()), DF: v.df()}
}

// quantile is Student's two-sided 95 % quantile.
func (e Estimate) quantile() float64 { return student(e.DF).Quantile(0.975) }

// bounded adds the interval of a metric between 0 and 1: Wilson's score
// interval, with Student's quantile and with the number of independent images
// that have the same standard error (Korn and Graubard, Survey Methodology 24,
// 1998; Franco et al., J. Survey Statistics and Methodology 7, 2019). Unlike
// mean ± t·SE it stays within 0 and 1 and keeps its coverage near them. The
// plain bootstrap over S seeds has a variance that is too small by (S-1)/S and
// tails that are far too light; Student's t mends both, as Hesterberg (The
// American Statistician 69, 2015) recommends for small samples.
func (e Estimate) bounded(images int) Estimate {
	m := min(max(e.Mean, 0), 1)
	// Nothing varies: all is right or wrong, or every class all one or the
	// other. That is no certainty, so no more is known than images tell.
	effective := float64(images)
	if square := e.SE * e.SE; square > 0 && m > 0 && m < 1 {
		effective = min(m*(1-m)/square, float64(images*e.N))
	}
	e.Interval = scoreInterval(m, effective, e.quantile())
	return e
}

// Accuracy is the mean accuracy with its interval; that of a single run is
// Wilson's, which is known to cover.
func (r *Runs) Accuracy() Estimate {
	e := r.weighted(r.shares())
	if e.N == 1 {
		e.Interval = Wilson(e.Mean, r.Tested())
	}
	return e
}

// BalancedAccuracy is the mean of the classes' recalls with its interval.
func (r *Runs) BalancedAccuracy() Estimate { return r.weighted(r.balanced()) }

func (r *Runs) weighted(weights []float64) Estimate {
	c := crossed{strata: r.strata}
	for s := range r.predicted {
		parts := make([]float64, len(weights))
		for i, weight := range weights {
			parts[i] = weight * r.right(s, i)
		}
		c.parts = append(c.parts, parts)
	}
	return newEstimate(c.sums(), c.variance()).bounded(r.Tested())
}
