package result

import (
	"errors"
	"math"
	"math/rand/v2" // seeded with what it resamples
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
)

// Worth is how many real photos of each defect make a classifier as good as a training set
// does. Beyond the ends of the curve it is infinite: less than the smallest count, or more
// than the largest.
type Worth struct {
	Photos   float64
	Interval Interval // 95 %, for other seeds and test images; of several seeds only
	Seeds    []int64  // that the training set and all counts have
}

// Repeated reports whether trainings were repeated with several seeds.
func (w Worth) Repeated() bool { return len(w.Seeds) > 1 }

// WorthOf places the runs of a training set on the curve of those of photos alone, of counts
// in ascending order. What a training set is as good by is the share of test images that its
// runs get right; ok is false without a seed in common.
//
// The curve is the isotonic regression of these shares (Barlow, Bartholomew, Bremner and
// Brunk, Statistical Inference under Order Restrictions, 1972) with straight lines between
// counts. The interval is of the percentiles of a bootstrap: test images, or parts, are
// drawn within their classes, the same for all training sets, and the mean over seeds of
// each moves by what its trainings' spread says, times a deviate of Student's t, since a few
// seeds that are resampled know too little (see Estimate). Every resample has a curve of its
// own. docs/results.md says how often the interval holds the truth.
func WorthOf(counts []int, curve []*Runs, set *Runs) (w Worth, ok bool, err error) {
	all := append(slices.Clone(curve), set)
	if len(curve) < 2 || len(counts) != len(curve) {
		return w, false, errors.New("a curve has two counts or more, with runs of each")
	}
	for _, r := range curve {
		if !r.SameImages(set) {
			return w, false, errors.New("training sets were tested on other images")
		}
	}
	for _, seed := range set.Seeds {
		if !slices.ContainsFunc(curve, func(r *Runs) bool { return !slices.Contains(r.Seeds, seed) }) {
			w.Seeds = append(w.Seeds, seed)
		}
	}
	if len(w.Seeds) == 0 {
		return w, false, nil
	}
	sets := make([]repeated, len(all))
	for i, r := range all {
		sets[i] = repeatedOf(r, w.Seeds)
	}
	shares := make([]float64, len(sets))
	for i, s := range sets {
		shares[i] = s.mean
	}
	low, high := placed(counts, shares)
	w.Photos = low
	if low < high {
		w.Photos = (low + high) / 2
	}
	if w.Repeated() {
		w.Interval = worthInterval(counts, sets, set, generator(all...), len(w.Seeds))
	}
	return w, true, nil
}

// repeated is what the trainings of a set do over seeds.
type repeated struct {
	mean    float64
	ofParts []float64 // what those of a part add to it, or beyond their share where parts are uneven
	variance
}

func repeatedOf(r *Runs, seeds []int64) repeated {
	weight := 1 / float64(len(r.images))
	c := crossed{strata: r.strata, sizes: r.byPart(func(int) float64 { return weight })}
	for _, seed := range seeds {
		s := slices.Index(r.Seeds, seed)
		c.parts = append(c.parts, r.byPart(func(i int) float64 { return weight * r.right(s, i) }))
	}
	of := repeated{mean: stat.Mean(c.sums(), nil), variance: c.variance(), ofParts: make([]float64, len(r.parts))}
	for _, parts := range c.beyondShare() {
		for p, share := range parts {
			of.ofParts[p] += share / float64(len(seeds))
		}
	}
	return of
}

// worthInterval is a 95 % interval of where the last of the sets lies on the curve of the others.
func worthInterval(counts []int, sets []repeated, r *Runs, random *rand.Rand, seeds int) Interval {
	pooled, images, both := 0.0, 0.0, 0.0
	for _, s := range sets {
		pooled += s.seeds / float64(len(sets))
		images, both = images+s.images, both+s.both
	}
	// Single images fluctuating from run to run are in the spread of seeds already.
	steady := 0.0
	if images > both {
		steady = math.Sqrt((images - both) / images)
	}
	drawn, lows, highs := make([]float64, len(sets)), make([]float64, resamples), make([]float64, resamples)
	for b := range lows {
		for i, s := range sets {
			df := 2 * (seeds - 1) // as in comparisons, of many sets' spread
			if s.seeds > 2*pooled {
				df = seeds - 1 // of its own
			}
			drawn[i] = s.mean + math.Sqrt(max(s.seeds, pooled))*deviate(random, df)
		}
		for _, stratum := range r.strata {
			n := max(1, len(stratum)-1) // which makes the variance right (Rao and Wu)
			for range n {
				p := stratum[random.IntN(len(stratum))]
				for i, s := range sets {
					drawn[i] += steady * float64(len(stratum)) / float64(n) * s.ofParts[p]
				}
			}
		}
		for i, s := range sets {
			drawn[i] -= steady * floats.Sum(s.ofParts)
		}
		lows[b], highs[b] = placed(counts, drawn)
	}
	slices.Sort(lows)
	slices.Sort(highs)
	cut := resamples / 40
	return Interval{lows[cut], highs[resamples-1-cut]}
}

// deviate is one of Student's t.
func deviate(random *rand.Rand, df int) float64 {
	squares := 0.0
	for range df {
		z := random.NormFloat64()
		squares += z * z
	}
	return random.NormFloat64() / math.Sqrt(squares/float64(df))
}

// placed is the count at which the curve through all shares but the last is as high as the
// last; where it is level there, the ends of the level stretch.
func placed(counts []int, shares []float64) (least, most float64) {
	last := len(counts) - 1
	curve, share := isotonic(shares[:last+1]), shares[last+1]
	switch {
	case share < curve[0]:
		return math.Inf(-1), math.Inf(-1)
	case share > curve[last]:
		return math.Inf(1), math.Inf(1)
	}
	from, to := 0, last
	for curve[from] < share && curve[from+1] <= share {
		from++
	}
	for curve[to] > share && curve[to-1] >= share {
		to--
	}
	if low, high := curve[from], curve[to]; low < high {
		least = float64(counts[from]) + (share-low)/(high-low)*float64(counts[to]-counts[from])
		return least, least
	}
	return float64(counts[from]), float64(counts[to])
}

// isotonic is the nearest sequence, by least squares, that nowhere falls: neighbours that
// fall are pooled.
func isotonic(values []float64) []float64 {
	type block struct {
		sum float64
		n   int
	}
	var blocks []block
	for _, v := range values {
		b := block{v, 1}
		for last := len(blocks) - 1; last >= 0 && blocks[last].sum*float64(b.n) >= b.sum*float64(blocks[last].n); last-- {
			b = block{b.sum + blocks[last].sum, b.n + blocks[last].n}
			blocks = blocks[:last]
		}
		blocks = append(blocks, b)
	}
	fit := make([]float64, 0, len(values))
	for _, b := range blocks {
		for range b.n {
			fit = append(fit, b.sum/float64(b.n))
		}
	}
	return fit
}
