package result

import "gonum.org/v1/gonum/stat"

// Spread is the mean and the standard deviation of one metric over seeds.
type Spread struct {
	N    int
	Mean float64
	SD   float64 // of the sample (divisor N-1); 0 for a single value
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
