package result

import (
	"errors"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat" // solves linear systems
	"gonum.org/v1/gonum/stat"
)

// Probe is how well a linear probe tells two kinds of images apart.
type Probe struct {
	Correct, Tested int
}

// Accuracy is the share told right; 0.5 by chance, since the kinds are equally
// many.
func (p Probe) Accuracy() float64 { return ratio(p.Correct, p.Tested) }

// folds of the cross-validation.
const probeFolds = 5

// ridge is the penalty of the probe's weights, for features scaled to variance
// 1 and then by the root of their number: a kernel with about 1 on its diagonal.
const ridge = 1

// linearProbe trains a linear probe (Alain and Bengio, ICLR workshop 2017) on
// features to tell real from generated images, by ridge regression on ±1 (Hoerl
// and Kennard, Technometrics 12, 1970; scikit-learn's RidgeClassifier after a
// StandardScaler), and tests it on images that it was not trained on, by
// cross-validation: image i of either kind is tested in fold i modulo 5. As many
// images of one kind as of the other are wanted, at least five.
func linearProbe(real, generated Features) (Probe, error) {
	if len(real) != len(generated) || len(real) < probeFolds {
		return Probe{}, errors.New("a probe needs as many real as generated images, at least five of each")
	}
	var p Probe
	for fold := range probeFolds {
		var train, test Features
		var kinds, answers []float64
		for i := range real {
			if i%probeFolds == fold {
				test, answers = append(test, real[i], generated[i]), append(answers, 1, -1)
			} else {
				train, kinds = append(train, real[i], generated[i]), append(kinds, 1, -1)
			}
		}
		scores, err := probeScores(train, kinds, test)
		if err != nil {
			return Probe{}, err
		}
		for i, score := range scores {
			p.Tested++
			if score*answers[i] > 0 {
				p.Correct++
			}
		}
	}
	return p, nil
}

// probeScores fits the probe and applies it; above 0 stands for kind 1. There
// are more features than images, so the dual system of the size of the images
// is solved.
func probeScores(train Features, kinds []float64, test Features) ([]float64, error) {
	mean, scale := moments(train)
	train, test = standardized(train, mean, scale), standardized(test, mean, scale)
	n := len(train)
	kernel := mat.NewSymDense(n, nil)
	for i := range n {
		for j := range i + 1 {
			kernel.SetSym(i, j, floats.Dot(train[i], train[j]))
		}
		kernel.SetSym(i, i, kernel.At(i, i)+ridge)
	}
	var factors mat.Cholesky
	if !factors.Factorize(kernel) {
		return nil, errors.New("the probe's system has no solution")
	}
	offset := stat.Mean(kinds, nil)
	target := mat.NewVecDense(n, nil)
	for i, kind := range kinds {
		target.SetVec(i, kind-offset)
	}
	var weights mat.VecDense
	if err := factors.SolveVecTo(&weights, target); err != nil {
		return nil, err
	}
	scores := make([]float64, len(test))
	for i, row := range test {
		scores[i] = offset
		for j := range n {
			scores[i] += weights.AtVec(j) * floats.Dot(row, train[j])
		}
	}
	return scores, nil
}

// moments are the mean and the standard deviation of every feature.
func moments(images Features) (mean, scale []float64) {
	columns := len(images[0])
	mean, scale = make([]float64, columns), make([]float64, columns)
	values := make([]float64, len(images))
	for k := range columns {
		for i, row := range images {
			values[i] = row[k]
		}
		mean[k], scale[k] = stat.PopMeanStdDev(values, nil)
	}
	return mean, scale
}

func standardized(images Features, mean, scale []float64) Features {
	root := math.Sqrt(float64(len(mean)))
	scaled := make(Features, len(images))
	for i, row := range images {
		scaled[i] = make([]float64, len(row))
		for k, x := range row {
			if scale[k] > 0 {
				scaled[i][k] = (x - mean[k]) / scale[k] / root
			}
		}
	}
	return scaled
}
