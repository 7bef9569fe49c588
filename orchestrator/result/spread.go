package result

import "math"

// Spread is the mean and the standard deviation of one metric over seeds.
type Spread struct {
	N    int
	Mean float64
	SD   float64 // of the sample (divisor N-1); 0 for a single value
}

// Over summarises values, with Welford's updating formula (Technometrics 4,
// 1962), which loses no digits when the values lie close together.
func Over(values []float64) Spread {
	var s Spread
	squares := 0.0
	for _, value := range values {
		s.N++
		delta := value - s.Mean
		s.Mean += delta / float64(s.N)
		squares += delta * (value - s.Mean)
	}
	if s.N > 1 {
		s.SD = math.Sqrt(squares / float64(s.N-1))
	}
	return s
}
