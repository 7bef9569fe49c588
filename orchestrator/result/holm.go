package result

import (
	"cmp"
	"slices"
)

// Holm adjusts p values so that, if every one below a level is called a
// finding, the probability of any false finding stays below that level, however
// the tests depend on each other (Holm, Scandinavian Journal of Statistics 6,
// 1979; R's p.adjust and statsmodels' multipletests, method "holm").
func Holm(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(p[i], p[j]) })
	adjusted, floor := make([]float64, len(p)), 0.0
	for rank, i := range order {
		floor = max(floor, min(1, float64(len(p)-rank)*p[i]))
		adjusted[i] = floor
	}
	return adjusted
}
