package result

import (
	"slices"

	"gonum.org/v1/gonum/floats"
)

// Judged is what a referee called images of one class.
type Judged struct {
	Images    int
	Named     int // called the class that they are meant to be of
	Defective int // called any but the good class
}

// JudgedIn counts what a referee said; good is the place of the good class.
func JudgedIn(p *Predictions, good int) (j Judged) {
	for _, img := range p.Images {
		j.Images++
		if img.Predicted == img.Label {
			j.Named++
		}
		if img.Predicted != good {
			j.Defective++
		}
	}
	return j
}

// Plus adds the images of another seed.
func (j Judged) Plus(other Judged) Judged {
	return Judged{j.Images + other.Images, j.Named + other.Named, j.Defective + other.Defective}
}

// CalledDefective makes runs, one of every seed, in which an image counts as right where a
// referee called it defective: their accuracy is the share of such images, and the difference
// of two patterns is paired by the images' numbers, which share source and noise.
func CalledDefective(seeds []int64, list []*Predictions, good int) (*Runs, error) {
	inspected := make([]*Predictions, len(list))
	for s, p := range list {
		meant := &Predictions{Classes: p.Classes, Images: slices.Clone(p.Images)}
		for i := range meant.Images {
			meant.Images[i].Label = (good + 1) % len(p.Classes) // any defect: an inspection tells none
		}
		inspected[s] = Inspected(meant, good)
	}
	return NewRuns(seeds, inspected)
}

// CompareWith compares each of some conditions with one, A minus B of a Comparison, B being -1;
// nil ones are left out. Claims are made of all these comparisons together.
func CompareWith(one *Runs, conditions []*Runs) ([]Comparison, error) {
	var list []Comparison
	for i, condition := range conditions {
		if condition == nil {
			continue
		}
		c, err := compare(condition, one)
		if err != nil {
			return nil, err
		}
		if len(c.Seeds) > 0 {
			c.A, c.B = i, -1
			list = append(list, c)
		}
	}
	if len(list) > 0 {
		conclude(list, one.Parts())
	}
	return list, nil
}

// neighbours is how many neighbours span the neighbourhood of an image: k of Kynkäänniemi et
// al., Improved Precision and Recall Metric for Assessing Generative Models, NeurIPS 2019.
const neighbours = 3

// PrecisionRecall says how many generated images lie where photos do, and how many photos lie
// where generated images do, as shares: within the distance of another image to its third nearest
// neighbour of its own kind (Kynkäänniemi et al., NeurIPS 2019). false for too few of either.
func PrecisionRecall(generated, photos Features) (precision, recall float64, ok bool) {
	if len(generated) <= neighbours || len(photos) <= neighbours {
		return 0, 0, false
	}
	return within(generated, photos), within(photos, generated), true
}

// within is the share of images that lie in the neighbourhood of one of others.
func within(images, others Features) float64 {
	radii := make([]float64, len(others))
	for i, row := range others {
		distances := make([]float64, 0, len(others)-1)
		for j, other := range others {
			if i != j {
				distances = append(distances, floats.Distance(row, other, 2))
			}
		}
		slices.Sort(distances)
		radii[i] = distances[neighbours-1]
	}
	inside := 0
	for _, row := range images {
		for i, other := range others {
			if floats.Distance(row, other, 2) <= radii[i] {
				inside++
				break
			}
		}
	}
	return float64(inside) / float64(len(images))
}

// MeanDistance is how far the images of two lists lie apart, pair by pair.
func MeanDistance(a, b Features) float64 {
	distances := make([]float64, len(a))
	for i, row := range a {
		distances[i] = floats.Distance(row, b[i], 2)
	}
	return Over(distances).Mean
}
