package result

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2" // seeded with what it resamples, so that a report is the same every time

	"gonum.org/v1/gonum/stat"
)

// resamples of a bootstrap. A share of them is then known to within 0.022, a
// standard deviation to within 3 % (95 %).
const resamples = 2000

// generator makes random numbers that depend on the runs alone.
func generator(runs ...*Runs) *rand.Rand {
	hash := sha256.New()
	put := func(n int) { _ = binary.Write(hash, binary.BigEndian, int64(n)) }
	for _, r := range runs {
		for i, label := range r.labels {
			hash.Write([]byte(r.images[i]))
			put(label)
			for _, predicted := range r.predicted {
				put(predicted[i])
			}
		}
	}
	sum := hash.Sum(nil)
	return rand.New(rand.NewPCG(binary.BigEndian.Uint64(sum), binary.BigEndian.Uint64(sum[8:])))
}

// leastResampled is the fewest seeds that are resampled: two know three
// different samples, and one none.
const leastResampled = 3

// Improvement is the share of resamples in which a run of a finds more images than one of b does,
// ties counting half; a resample is one pair of runs with the same seed and as many images of every
// class, drawn with replacement (whole parts of them) and the same for both. It estimates the
// probability of improvement of Agarwal et al. (NeurIPS 2021), by the paired bootstrap of Koehn
// (EMNLP 2004) over images and seeds, and knows no other trainings than these few.
func Improvement(a, b *Runs) float64 {
	random, wins, drawn := generator(a, b), 0.0, 0
	var pairs [][2]int
	for s, seed := range a.Seeds {
		for t, other := range b.Seeds {
			if seed == other {
				pairs = append(pairs, [2]int{s, t})
			}
		}
	}
	if len(pairs) == 0 {
		return 0.5
	}
	for range resamples {
		pair, difference := pairs[random.IntN(len(pairs))], 0.0
		for _, parts := range a.strata {
			for range parts {
				for _, i := range a.parts[parts[random.IntN(len(parts))]] {
					difference += a.right(pair[0], i) - b.right(pair[1], i)
				}
			}
		}
		switch drawn++; {
		case difference > 0:
			wins++
		case difference == 0:
			wins += 0.5
		}
	}
	return wins / float64(drawn)
}

// MacroF1 is the mean macro-F1 with its interval.
func (r *Runs) MacroF1() Estimate {
	return r.bootstrapped(func(run int, images []int) []float64 {
		return []float64{r.tally(r.predicted[run], images).MacroF1()}
	})[0]
}

// bootstrapped estimates metrics between 0 and 1 whose variance over images has no simple
// formula: of gives them of one run and some images, all for nil. The variance is that of a
// stratified bootstrap, with one image, or part, fewer drawn than a class has, which makes
// it unbiased (Rao and Wu, JASA 83, 1988).
func (r *Runs) bootstrapped(of func(run int, images []int) []float64) []Estimate {
	random, runs := generator(r), len(r.predicted)
	values := transposed(runs, func(run int) []float64 { return of(run, nil) })
	drawn := make([][][]float64, len(values)) // of each metric and run, in every resample
	means := make([][]float64, len(values))
	for m := range drawn {
		drawn[m], means[m] = make([][]float64, runs), make([]float64, resamples)
	}
	for b := range resamples {
		var images []int
		for _, stratum := range r.strata {
			for range max(1, len(stratum)-1) {
				images = append(images, r.parts[stratum[random.IntN(len(stratum))]]...)
			}
		}
		for m, ofRuns := range transposed(runs, func(run int) []float64 { return of(run, images) }) {
			for s, value := range ofRuns {
				drawn[m][s] = append(drawn[m][s], value)
				means[m][b] += value / float64(runs)
			}
		}
	}
	estimates := make([]Estimate, len(values))
	for m := range values {
		estimates[m] = newShare(values[m], r.resampled(values[m], drawn[m], means[m]), r.Parts())
	}
	return estimates
}

// transposed lists, for each metric, that of every run.
func transposed(runs int, of func(run int) []float64) (byMetric [][]float64) {
	for run := range runs {
		for m, value := range of(run) {
			if run == 0 {
				byMetric = append(byMetric, nil)
			}
			byMetric[m] = append(byMetric[m], value)
		}
	}
	return byMetric
}

// resampled is the variance of a metric by its values in every run, and in resamples of
// the images in every run and on average.
func (r *Runs) resampled(values []float64, drawn [][]float64, mean []float64) variance {
	runs := len(values)
	v := variance{images: stat.Variance(mean, nil), imagesDF: float64(r.Parts() - len(r.strata))}
	if runs > 1 {
		single := 0.0
		for s := range drawn {
			single += stat.Variance(drawn[s], nil) / float64(runs)
		}
		// A run's variance over images is that of the mean over runs plus what
		// averaging takes off: both·(runs-1).
		v.both = max(0, single-v.images) / float64(runs-1)
		v.seeds, v.seedsDF = stat.Variance(values, nil)/float64(runs), float64(runs-1)
	}
	return v
}

// tally counts some images, or all of them for nil, as often as they are listed.
func (r *Runs) tally(predicted, images []int) *Confusion {
	c := newConfusion(r.Classes)
	if images == nil {
		for i, label := range r.labels {
			c.Counts[label][predicted[i]]++
		}
	}
	for _, i := range images {
		c.Counts[r.labels[i]][predicted[i]]++
	}
	return c
}
