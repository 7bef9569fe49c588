package result

import "math"

// Interval is a range of plausible values.
type Interval struct{ Low, High float64 }

// z95 is the normal distribution's quantile for two-sided 95 %.
const z95 = 1.959963984540054

// Wilson is the 95 % score interval of a proportion that was seen in n trials
// (Wilson, JASA 22, 1927; without continuity correction, as statsmodels'
// proportion_confint with method "wilson"). It keeps its coverage for small n
// and near 0 and 1 (Newcombe, Statistics in Medicine 17, 1998). Without trials
// it is 0 to 1.
func Wilson(proportion float64, n int) Interval {
	if n <= 0 {
		return Interval{0, 1}
	}
	return scoreInterval(proportion, float64(n), z95)
}

// scoreInterval is Wilson's formula with another quantile than the normal
// distribution's.
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
