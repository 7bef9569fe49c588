package result

import (
	"errors"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat" // solves linear systems
	"gonum.org/v1/gonum/stat"
)

// Kinds is how well probes of one network's features tell generated images from photos, and two
// controls. All are of as many images of every class, and no photo is in both of its kinds.
type Kinds struct {
	Generated Probe // Generated tells generated images from photos.

	Controlled  bool  // Controlled says that generated images went through the base's autoencoder whole, so that the other two are there.
	Autoencoded Probe // Autoencoded tells other photos, as the base's autoencoder gives them back, from photos.
	Beyond      Probe // Beyond tells generated images from autoencoded photos: what the autoencoder does not explain.
}

// ProbeKinds trains and tests the probes, each on as many images of one kind as of
// the other; without autoencoded photos there are no controls.
func ProbeKinds(photos, autoencoded, generated Features) (k Kinds, err error) {
	if k.Generated, err = linearProbe(photos, generated); err != nil || len(autoencoded) == 0 {
		return k, err
	}
	k.Controlled = true
	if k.Autoencoded, err = linearProbe(photos, autoencoded); err != nil {
		return Kinds{}, err
	}
	if k.Beyond, err = linearProbe(autoencoded, generated); err != nil {
		return Kinds{}, err
	}
	return k, nil
}

// Judged is the probe by which generated images look generated, or do not.
func (k Kinds) Judged() Probe {
	if k.Controlled {
		return k.Beyond
	}
	return k.Generated
}

// KindsOver is the mean accuracy of probes over seeds.
type KindsOver struct {
	Controlled                     bool // Controlled is that of all the Kinds.
	Generated, Autoencoded, Beyond Spread
	Interval                       Interval // Interval is Beyond's, 95 %; without controls it is Generated's.
}

// OverKinds sums the probes of a condition's seeds up. The photos are the same with every seed, so
// the interval is Wilson's with the images of one: wider than need be, never narrower.
func OverKinds(list []Kinds) KindsOver {
	var generated, autoencoded, beyond, judged []float64
	for _, k := range list {
		judged = append(judged, k.Judged().Accuracy())
		generated = append(generated, k.Generated.Accuracy())
		autoencoded = append(autoencoded, k.Autoencoded.Accuracy())
		beyond = append(beyond, k.Beyond.Accuracy())
	}
	o := KindsOver{Generated: Over(generated), Autoencoded: Over(autoencoded), Beyond: Over(beyond)}
	if len(list) > 0 {
		o.Controlled = list[0].Controlled
		o.Interval = Wilson(Over(judged).Mean, list[0].Judged().Tested)
	}
	return o
}

// LookGenerated says whether generated images are told from autoencoded photos more often than
// chance would: whether they look generated, beyond what the autoencoder does to any image. Without
// that control, whether they are told from photos.
func (o KindsOver) LookGenerated() bool { return o.Interval.Low > 0.5 }

// Probe is how well a linear probe tells two kinds of images apart.
type Probe struct {
	Correct, Tested int
}

// Accuracy is the share told right; 0.5 by chance, since the kinds are equally many.
func (p Probe) Accuracy() float64 { return ratio(p.Correct, p.Tested) }

// folds of the cross-validation.
const probeFolds = 5

// ridge is the penalty of the probe's weights, for features scaled to variance
// 1 and then by the root of their number: a kernel with about 1 on its diagonal.
const ridge = 1

// linearProbe trains a linear probe (Alain and Bengio, ICLR workshop 2017) on features to tell real
// from generated images, by ridge regression on ±1 (Hoerl and Kennard, Technometrics 12, 1970;
// scikit-learn's RidgeClassifier after a StandardScaler), and tests it on images that it was not
// trained on, by cross-validation: image i of either kind is tested in fold i modulo 5. As many
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

// probeScores fits the probe and applies it; above 0 stands for kind 1. There are more features
// than images, so the dual system of the size of the images is solved.
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
