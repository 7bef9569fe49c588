package result

import (
	"math"

	"gonum.org/v1/gonum/floats"
)

// Neighbour is the nearest of some images.
type Neighbour struct {
	Index    int // -1 if there is none
	Distance float64
}

// Nearest finds for every image the nearest of others, by the Euclidean
// distance of their features.
func Nearest(images, others Features) []Neighbour {
	list := make([]Neighbour, len(images))
	for i, row := range images {
		list[i] = nearest(row, others, func(int) bool { return false })
	}
	return list
}

// NearestOther finds for every image the nearest of others that is not one of
// its own: those whose place is its own after another whole round of images.
func NearestOther(images, others Features) []Neighbour {
	list := make([]Neighbour, len(images))
	for i, row := range images {
		list[i] = nearest(row, others, func(j int) bool { return j%len(images) == i })
	}
	return list
}

func nearest(row []float64, others Features, except func(int) bool) Neighbour {
	best := Neighbour{-1, math.Inf(1)}
	for j, other := range others {
		if except(j) {
			continue
		}
		if d := floats.Distance(row, other, 2); d < best.Distance {
			best = Neighbour{j, d}
		}
	}
	return best
}

// Diversity is the mean distance of two of the images; 0 if there are not two.
func Diversity(images Features) float64 {
	sum, pairs := 0.0, 0
	for i := range images {
		for j := range images[:i] {
			sum += floats.Distance(images[i], images[j], 2)
			pairs++
		}
	}
	if pairs == 0 {
		return 0
	}
	return sum / float64(pairs)
}
