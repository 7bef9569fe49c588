package result

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestIsotonic(t *testing.T) {
	for _, test := range []struct{ values, want []float64 }{
		{[]float64{1, 2, 3}, []float64{1, 2, 3}},
		{[]float64{1, 3, 2, 4}, []float64{1, 2.5, 2.5, 4}},
		{[]float64{3, 2, 1}, []float64{2, 2, 2}},
		{[]float64{1, 4, 3, 2, 5}, []float64{1, 3, 3, 3, 5}},
		{[]float64{2}, []float64{2}},
	} {
		if got := isotonic(test.values); !slices.Equal(got, test.want) {
			t.Errorf("%v: %v, want %v", test.values, got, test.want)
		}
	}
	// Never falling, with the same sum, and no other such sequence is nearer than a
	// projection allows: ⟨values − fit, other − fit⟩ ≤ 0 for all that do not fall.
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		values, other := make([]float64, 6), make([]float64, 6)
		for i := range values {
			values[i], other[i] = random.NormFloat64(), random.NormFloat64()
		}
		fit, sum, product := isotonic(values), 0.0, 0.0
		slices.Sort(other)
		for i := range values {
			sum += values[i] - fit[i]
			product += (values[i] - fit[i]) * (other[i] - fit[i])
		}
		if !slices.IsSorted(fit) || math.Abs(sum) > 1e-9 || product > 1e-9 {
			t.Fatalf("%v became %v (%g, %g)", values, fit, sum, product)
		}
	}
}

func TestPlaced(t *testing.T) {
	counts, inf := []int{3, 5, 7, 10}, math.Inf(1)
	for _, test := range []struct {
		curve [4]float64
		share float64
		want  float64 // the middle
		level float64 // how long the level stretch is
	}{
		{[4]float64{0.5, 0.6, 0.7, 0.8}, 0.65, 6, 0},
		{[4]float64{0.5, 0.6, 0.7, 0.8}, 0.5, 3, 0},
		{[4]float64{0.5, 0.6, 0.7, 0.8}, 0.8, 10, 0},
		{[4]float64{0.5, 0.6, 0.7, 0.8}, 0.49, -inf, 0},
		{[4]float64{0.5, 0.6, 0.7, 0.8}, 0.81, inf, 0},
		{[4]float64{0.5, 0.75, 0.75, 1}, 0.75, 6, 2},  // level from 5 to 7
		{[4]float64{0.5, 1, 0.5, 1}, 0.625, 4, 0},     // 0.5, 0.75, 0.75, 1
		{[4]float64{0.5, 0.5, 0.5, 0.5}, 0.5, 6.5, 7}, // level throughout
		{[4]float64{0.5, 0.5, 0.5, 0.5}, 0.25, -inf, 0},
	} {
		low, high := placed(counts, append(test.curve[:], test.share))
		if math.IsInf(test.want, 0) {
			if low != test.want || high != test.want {
				t.Errorf("%v on %v: %g to %g, want %g", test.share, test.curve, low, high, test.want)
			}
		} else if math.Abs((low+high)/2-test.want) > 1e-9 || math.Abs(high-low-test.level) > 1e-9 {
			t.Errorf("%v on %v: %g to %g, want %g in the middle of %g", test.share, test.curve, low, high, test.want, test.level)
		}
	}
}

// A set that answers as one of the counts does is worth that count, and one seed has no
// interval; sets without a seed in common are worth nothing that can be said.
func TestWorthOf(t *testing.T) {
	three, five, ten := inspected(t, span(10, 30)), inspected(t, span(10, 26)), inspected(t, span(10, 18))
	w, ok, err := WorthOf([]int{3, 5, 10}, []*Runs{three, five, ten}, five)
	if err != nil || !ok || w.Photos != 5 || w.Repeated() || w.Interval != (Interval{}) {
		t.Errorf("%+v %v %v", w, ok, err)
	}
	other := inspected(t, span(10, 18))
	other.Seeds = []int64{7}
	if _, ok, err := WorthOf([]int{3, 5, 10}, []*Runs{three, five, other}, five); ok || err != nil {
		t.Error("a curve without a seed in common", err)
	}
	if _, _, err := WorthOf([]int{3}, []*Runs{three}, five); err == nil {
		t.Error("a curve of one count")
	}
	sure, _, err := WorthOf([]int{3, 10}, []*Runs{inspected(t, span(0, 40), span(0, 40)), inspected(t, span(0, 20), span(0, 20))}, inspected(t, nil, nil))
	if err != nil || !math.IsInf(sure.Photos, 1) || sure.Interval.Low < 10 {
		t.Errorf("without a mistake: %+v (%v)", sure, err)
	}
}

// Where a set is truly as good as a number of photos, the interval holds that number at
// its rate or more often: between counts, at the ends of the curve and beyond them.
func TestWorthCovers(t *testing.T) {
	counts := []int{3, 5, 7, 10}
	n, _ := simulations(40)
	for _, test := range []struct {
		name  string
		world world
		seeds int
		truth float64
	}{
		{"4 photos, 3 seeds", world{sizes: demoSizes, training: []float64{0.15}}, 3, 4},
		{"6 photos, 3 seeds", world{sizes: demoSizes, training: []float64{0.15}}, 3, 6},
		{"6 photos, 2 seeds", world{sizes: demoSizes, training: []float64{0.15}}, 2, 6},
		{"6 photos, 5 seeds", world{sizes: demoSizes, training: []float64{0.3}}, 5, 6},
		{"the article, 3 seeds", world{sizes: articleSizes, training: []float64{0.15}}, 3, 6},
		{"trainings do not differ", world{sizes: demoSizes, training: []float64{0}}, 3, 8},
		{"10 photos, the end", world{sizes: demoSizes, training: []float64{0.15}}, 3, 10},
		{"beyond", world{sizes: demoSizes, training: []float64{0.15}}, 3, 13},
		{"below", world{sizes: demoSizes, training: []float64{0.15}}, 3, 2},
		{"its trainings differ more", world{sizes: demoSizes, training: []float64{0.15, 0.15, 0.15, 0.15, 0.5}}, 3, 6},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := test.world
			for len(w.training) < len(counts)+1 {
				w.training = append(w.training, w.training[0])
			}
			w.recall = []float64{0.7, 0.6, 0.6, 0.6, 0.6}[:len(w.sizes)]
			w.image, w.both = 0.6, 0.6
			gain := func(photos float64) float64 { return 0.03 * (photos - 3) }
			for _, photos := range counts {
				w.more = append(w.more, gain(float64(photos)))
			}
			w.more = append(w.more, gain(test.truth))
			truth, _ := placed([]int{3, 10}, []float64{0, gain(10), gain(test.truth)})
			random, held, width := rand.New(rand.NewPCG(3, 4)), 0, 0.0
			for range n {
				list := w.draw(random, test.seeds)
				got, ok, err := WorthOf(counts, list[:4], list[4])
				if err != nil || !ok {
					t.Fatal(ok, err)
				}
				if got.Interval.Low <= truth && truth <= got.Interval.High {
					held++
				}
				width += (min(max(got.Interval.High, 3), 10) - min(10, max(got.Interval.Low, 3))) / float64(n)
			}
			t.Logf("%s: %.3f, %.1f photos wide", test.name, float64(held)/float64(n), width)
			if rate := float64(held) / float64(n); rate < 0.95-noise(0.95, n) {
				t.Errorf("%.1f %% of 95 %% intervals hold %g photos", 100*rate, truth)
			}
		})
	}
}
