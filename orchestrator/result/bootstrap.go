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

// Improvement is the share of resamples in which a run of a finds more images
// than one of b does, ties counting half; a resample is one pair of runs with
// the same seed and as many images of every class, drawn with replacement (whole
// parts of them) and the same for both. It estimates the probability of improvement of Agarwal et
// al. (NeurIPS 2021), by the paired bootstrap of Koehn (EMNLP 2004) over images
// and seeds, and knows no other trainings than these few.
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

// MacroF1 is the mean macro-F1 with its interval. Its variance over images has
// no simple formula, so it is that of a stratified bootstrap, with one image, or
// part, fewer drawn than a class has, which makes the variance unbiased (Rao and Wu,
// JASA 83, 1988).
func (r *Runs) MacroF1() Estimate {
	random, runs := generator(r), len(r.predicted)
	values := make([]float64, runs)
	for s, predicted := range r.predicted {
		values[s] = r.tally(predicted, nil).MacroF1()
	}
	drawn := make([][]float64, runs) // of each run, in every resample
	mean := make([]float64, resamples)
	for b := range resamples {
		var images []int
		for _, stratum := range r.strata {
			for range max(1, len(stratum)-1) {
				images = append(images, r.parts[stratum[random.IntN(len(stratum))]]...)
			}
		}
		for s, predicted := range r.predicted {
			f1 := r.tally(predicted, images).MacroF1()
			drawn[s] = append(drawn[s], f1)
			mean[b] += f1 / float64(runs)
		}
	}
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
	return newShare(values, v, r.Parts())
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
