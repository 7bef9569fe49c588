package result

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// world is where simulated classifiers come from. A classifier finds an image
// if a normal deviate is above a threshold of its class; the image, the
// training and both together shift it by normal deviations of their own.
type world struct {
	sizes       []int     // test images of each class
	recall      []float64 // of each class, over all images and trainings
	image, both float64   // standard deviations, in those of the deviate
	training    []float64 // the same of every condition's trainings
}

// The article's test set, and the demo's; recalls as they are where classifiers
// are poor and good.
var (
	articleSizes, demoSizes = []int{40, 8, 7, 8, 7}, []int{120, 60, 60}
	poor, good              = []float64{0.9, 0.6, 0.5, 0.6, 0.5}, []float64{0.98, 0.9, 0.9, 0.85, 0.9}
	cells                   = []float64{0.8, 0.6, 0.65}
)

// truth is the accuracy over all images and trainings.
func (w world) truth() float64 {
	total, sum := 0, 0.0
	for class, n := range w.sizes {
		total += n
		sum += float64(n) * w.recall[class]
	}
	return sum / float64(total)
}

// draw makes a test set and conditions that are equally good, each of them
// trained with every seed.
func (w world) draw(random *rand.Rand, seeds int) []*Runs {
	var labels []int
	var image []float64
	for class, n := range w.sizes {
		for range n {
			labels, image = append(labels, class), append(image, w.image*random.NormFloat64())
		}
	}
	var list []*Runs
	for _, sd := range w.training {
		r := &Runs{
			Classes: make([]string, len(w.sizes)), images: make([]string, len(labels)), labels: labels,
			strata: stratify(labels, len(w.sizes)), sizes: w.sizes,
		}
		spread := math.Sqrt(1 + w.image*w.image + w.both*w.both + sd*sd)
		threshold := make([]float64, len(w.recall))
		for class, recall := range w.recall {
			threshold[class] = spread * distuv.UnitNormal.Quantile(recall)
		}
		for s := range seeds {
			training, predicted := sd*random.NormFloat64(), make([]int, len(labels))
			for i, label := range labels {
				deviate := random.NormFloat64() + image[i] + training + w.both*random.NormFloat64()
				if predicted[i] = label; deviate > threshold[label] {
					predicted[i] = (label + 1) % len(w.sizes)
				}
			}
			r.predicted, r.Seeds = append(r.predicted, predicted), append(r.Seeds, int64(s))
		}
		list = append(list, r)
	}
	return list
}

// Intervals hold the truth at their stated rate, 95 ± 1.5 %, with two seeds and
// more, whether trainings differ widely or not at all. Only near an accuracy of
// 1 are they somewhat wider than they need be with two seeds, or where trainings
// do not differ, which a few seeds cannot show.
func TestIntervalsCover(t *testing.T) {
	const least, most = 0.935, 0.965
	for name, test := range map[string]struct {
		world world
		seeds int
		most  float64
	}{
		"article, poor, 3 seeds":          {world{articleSizes, poor, 0.9, 0.6, []float64{0.3}}, 3, most},
		"article, good, 3 seeds":          {world{articleSizes, good, 0.9, 0.6, []float64{0.3}}, 3, most},
		"article, poor, 5 seeds":          {world{articleSizes, poor, 0.9, 0.6, []float64{0.3}}, 5, most},
		"article, good, 5 seeds":          {world{articleSizes, good, 0.9, 0.6, []float64{0.3}}, 5, most},
		"demo, 3 seeds":                   {world{demoSizes, cells, 0.9, 0.6, []float64{0.15}}, 3, most},
		"demo, 5 seeds":                   {world{demoSizes, cells, 0.9, 0.6, []float64{0.3}}, 5, most},
		"demo, 10 seeds":                  {world{demoSizes, cells, 0.9, 0.6, []float64{0.3}}, 10, most},
		"one seed, images alone":          {world{articleSizes, poor, 0.9, 0.6, []float64{0}}, 1, most},
		"trainings do not differ":         {world{articleSizes, poor, 0.6, 0, []float64{0}}, 3, most},
		"nor do they in the demo":         {world{demoSizes, cells, 0.6, 0.9, []float64{0}}, 5, most},
		"trainings differ widely, 5":      {world{articleSizes, poor, 0.9, 0.6, []float64{0.5}}, 5, most},
		"the same, 3 seeds":               {world{articleSizes, poor, 0.9, 0.6, []float64{0.5}}, 3, most},
		"the same in the demo, 3":         {world{demoSizes, cells, 0.9, 0.6, []float64{0.3}}, 3, most},
		"article, 2 seeds":                {world{articleSizes, poor, 0.9, 0.6, []float64{0.3}}, 2, most},
		"demo, 2 seeds":                   {world{demoSizes, cells, 0.9, 0.6, []float64{0.15}}, 2, most},
		"demo, 2 seeds, differ widely":    {world{demoSizes, cells, 0.9, 0.6, []float64{0.3}}, 2, most},
		"article, good, 2 seeds":          {world{articleSizes, good, 0.9, 0.6, []float64{0.3}}, 2, 0.975},
		"article, good, do not differ, 3": {world{articleSizes, good, 0.9, 0.6, []float64{0}}, 3, 0.975},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const simulations = 6000
			random, truth, held := rand.New(rand.NewPCG(1, 2)), test.world.truth(), 0
			for range simulations {
				got := test.world.draw(random, test.seeds)[0].Accuracy().Interval
				if got.Low <= truth && truth <= got.High {
					held++
				}
			}
			rate := float64(held) / simulations
			t.Logf("%.3f", rate)
			if rate < least || rate > test.most {
				t.Errorf("%.1f %% of 95 %% intervals hold the accuracy %.3f", 100*rate, truth)
			}
		})
	}
}

// Five conditions that are equally good: the probability that any of the ten
// comparisons is called significant stays below 5 %. With one seed, equally
// good means classifiers, not trainings.
func TestFamilywiseError(t *testing.T) {
	for name, test := range map[string]struct {
		world       world
		seeds       int
		simulations int
	}{
		"article, 1 seed":            {world{articleSizes, poor, 0.9, 0.6, make([]float64, 5)}, 1, 2000},
		"article, 2 seeds":           {world{articleSizes, poor, 0.9, 0.6, []float64{0.2, 0.2, 0.2, 0.2, 0.2}}, 2, 2000},
		"article, 3 seeds":           {world{articleSizes, poor, 0.9, 0.6, []float64{0.3, 0.3, 0.3, 0.3, 0.3}}, 3, 2000},
		"article, good, 5 seeds":     {world{articleSizes, good, 0.9, 0.6, []float64{0.3, 0.3, 0.3, 0.3, 0.3}}, 5, 2000},
		"three conditions, 2 seeds":  {world{articleSizes, poor, 0.9, 0.6, []float64{0.5, 0.5, 0.5}}, 2, 10000},
		"unequal trainings, 3 seeds": {world{articleSizes, poor, 0.9, 0.6, []float64{0.1, 0.1, 0.2, 0.4, 0.6}}, 3, 2000},
		"unequal trainings, 5 seeds": {world{articleSizes, poor, 0.9, 0.6, []float64{0.1, 0.1, 0.1, 0.1, 0.7}}, 5, 2000},
		"demo, 3 seeds":              {world{demoSizes, cells, 0.9, 0.6, []float64{0.3, 0.3, 0.3, 0.3, 0.3}}, 3, 2000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			random, wrong := rand.New(rand.NewPCG(3, 4)), 0
			for range test.simulations {
				comparisons, err := CompareAll(test.world.draw(random, test.seeds))
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range comparisons {
					if c.Significant() {
						wrong++
						break
					}
				}
			}
			rate := float64(wrong) / float64(test.simulations)
			t.Logf("%.4f", rate)
			if rate > Level {
				t.Errorf("%.1f %% of null experiments claim a difference", 100*rate)
			}
		})
	}
}

// A difference as large as Detectable is found about as often as it says.
func TestPower(t *testing.T) {
	random, found, detectable := rand.New(rand.NewPCG(5, 6)), 0, 0.0
	worse := world{demoSizes, cells, 0.6, 0.6, []float64{0.05}}
	finer := worse
	finer.recall = []float64{0.9, 0.7, 0.75}
	const n = 500
	for range n {
		list, err := CompareAll([]*Runs{worse.draw(random, 3)[0], finer.draw(random, 3)[0]})
		if err != nil {
			t.Fatal(err)
		}
		if list[0].Significant() {
			found++
		}
		detectable += list[0].Detectable / n
	}
	difference, rate := finer.truth()-worse.truth(), float64(found)/n
	if math.Abs(detectable-difference) > 0.01 || math.Abs(rate-power) > 0.1 {
		t.Errorf("a difference of %.3f was found in %.2f of experiments that call %.3f detectable", difference, rate, detectable)
	}
}
