package result

import (
	"math"
	"slices"

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
		list[i] = nearest(row, others, -1)
	}
	return list
}

// NearestOther finds for every image the nearest of the rest.
func NearestOther(images Features) []Neighbour {
	list := make([]Neighbour, len(images))
	for i, row := range images {
		list[i] = nearest(row, images, i)
	}
	return list
}

func nearest(row []float64, others Features, except int) Neighbour {
	best := Neighbour{-1, math.Inf(1)}
	for j, other := range others {
		if j == except {
			continue
		}
		if d := floats.Distance(row, other, 2); d < best.Distance {
			best = Neighbour{j, d}
		}
	}
	return best
}

// copyLevel is the share of photos that may be taken for copies.
const copyLevel = 0.05

// Copies tells which images lie nearer to a training photo than photos that
// trained nothing do: nearer than all but the nearest 5 % of these, or than all
// of them where there are fewer than 39. A new photo is taken for a copy with
// that probability at most, or 1/(n+1) for few, whatever the distribution: its
// rank among n others is a conformal p value (Bates et al., Annals of Statistics
// 51, 2023). Without reference photos nothing is called a copy.
func Copies(images, reference []Neighbour) []bool {
	threshold := CopyThreshold(reference)
	copies := make([]bool, len(images))
	for i, n := range images {
		copies[i] = n.Distance < threshold
	}
	return copies
}

// CopyThreshold is the distance below which Copies calls an image a copy; 0
// without reference photos.
func CopyThreshold(reference []Neighbour) float64 {
	if len(reference) == 0 {
		return 0
	}
	distances := make([]float64, len(reference))
	for i, n := range reference {
		distances[i] = n.Distance
	}
	slices.Sort(distances)
	return distances[max(1, int(copyLevel*float64(len(reference)+1)))-1]
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
