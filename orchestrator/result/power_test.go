package result

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// variances are those of the differences of a world's equal conditions: of trainings by
// calculation, of images as many of them and many runs show it.
func (w world) variances(t *testing.T) variances {
	t.Helper()
	const times, seeds, trainings = 20, 20, 1000
	many := w
	many.sizes, many.training = nil, make([]float64, 2)
	for _, n := range w.sizes {
		many.sizes = append(many.sizes, times*n)
	}
	list := many.draw(rand.New(rand.NewPCG(7, 8)), seeds)
	c, err := compare(list[0], list[1])
	if err != nil {
		t.Fatal(err)
	}
	images, v := float64(list[0].Tested()), c.variance
	s := variances{lasting: max(0, images*(v.images-v.both)), passing: images * seeds * v.both, cluster: 1}
	threshold, _ := w.thresholds(1)
	others := math.Sqrt(1 + w.image*w.image + w.both*w.both + w.alone*w.alone)
	var accuracies []float64
	for i := range trainings {
		training, accuracy := w.training[1]*distuv.UnitNormal.Quantile((float64(i)+0.5)/trainings), 0.0
		for class, n := range w.sizes {
			accuracy += float64(n) * times / images * distuv.UnitNormal.CDF((threshold[class]+training)/others)
		}
		accuracies = append(accuracies, accuracy)
	}
	s.training = 2 * stat.Variance(accuracies, nil)
	return s
}

// design is that of a study in this world.
func (w world) design(seeds int) Design {
	d := Design{Classes: len(w.sizes), Seeds: seeds, Conditions: len(w.training)}
	for _, n := range w.sizes {
		d.Images, d.Parts = d.Images+n, d.Parts+n
	}
	return d
}

// TestDesignsShow: a design shows a difference as often as it says. docs/results.md has
// the table.
func TestDesignsShow(t *testing.T) {
	n, all := simulations(60)
	for _, study := range studies {
		for _, kind := range []struct {
			training, alone float64
			few             bool // simulated in ordinary tests too
		}{{0.1, 0, false}, {0.1, 0.6, true}, {0.3, 0.6, false}} {
			for _, conditions := range []int{2, 5} {
				for _, seeds := range []int{2, 3, 5, 10} {
					if !all && !(kind.few && seeds == 5-2*(conditions/5)) {
						continue
					}
					t.Run(fmt.Sprintf("%s, training %.1f, alone %.1f, %d conditions, %d seeds", study.name, kind.training, kind.alone, conditions, seeds), func(t *testing.T) {
						w := fluctuation{usual: kind.training, first: kind.training}.in(study.sizes, study.recall, conditions)
						w.alone = kind.alone
						least := w.design(seeds).detectable(w.variances(t))
						t.Logf("%.3f", least)
						for _, times := range []float64{0.75, 1, 1.33} {
							if w.better = -times * least; w.better < -0.45 || times == 1 && !all {
								continue
							}
							rate := w.claims(t, seeds, n, func(c Comparison) bool { return c.A == 0 })
							t.Logf("%.2f times: %.3f", times, rate)
							if times < 1 && rate > power+noise(power, n) || times > 1 && rate < power-noise(power, n) {
								t.Errorf("%.2f times a difference of %.3f was shown in %.2f of studies", times, least, rate)
							}
						}
					})
				}
			}
		}
	}
}

// TestConnor: where only the exact test matters, and to one seed and one comparison, the
// number of images is that of Connor's formula.
func TestConnor(t *testing.T) {
	// (1.959964·√0.2 + 0.841621·√(0.2 − 0.1²))² / 0.1² = 154.6 images.
	o := outlook{needed: []float64{0}, se: 1e-9, quantile: z95, variance: 0.2 - 0.01}
	for images, shown := range map[float64]bool{154: false, 155: true} {
		if o.images = images; (o.power(0.1) >= power) != shown {
			t.Errorf("%g images show a difference of 0.1 with a probability of %g", images, o.power(0.1))
		}
	}
}

// TestMoreShowsMore: more images, more seeds and fewer conditions show smaller
// differences, and so do parts whose images are less alike.
func TestMoreShowsMore(t *testing.T) {
	for _, a := range []Assumed{{0.8, 0.6, 0.5, 0.02, 1.5}, {0.95, 0.5, 0.5, 0, 1.5}, {0.5, 0.9, 0.1, 0.1, 1.5}} {
		for _, d := range []Design{{70, 50, 5, 3, 4, false}, {500, 300, 2, 5, 3, true}} {
			least := d.Detectable(a)
			for name, more := range map[string]func(*Design, *Assumed){
				"images":                 func(d *Design, _ *Assumed) { d.Images, d.Parts = 4*d.Images, 4*d.Parts },
				"seeds":                  func(d *Design, _ *Assumed) { d.Seeds = 2 * d.Seeds },
				"fewer conditions":       func(d *Design, _ *Assumed) { d.Conditions = 2 },
				"images less alike":      func(_ *Design, a *Assumed) { a.DesignEffect = 1 },
				"trainings more alike":   func(_ *Design, a *Assumed) { a.TrainingSD /= 4 },
				"classifiers more alike": func(_ *Design, a *Assumed) { a.OtherSet = a.SameSet },
			} {
				better, assumed := d, a
				more(&better, &assumed)
				if got := better.Detectable(assumed); got > least || got == least && assumed != a && a.TrainingSD > 0 {
					t.Errorf("%s: %+v shows %.3f of %+v, and %+v %.3f of %+v", name, d, least, a, better, got, assumed)
				}
			}
		}
	}
}

// TestDesignsThatShowNothing: one seed and one condition compare nothing, and where every
// class has one part there is no spread.
func TestDesignsThatShowNothing(t *testing.T) {
	a := Assumed{Accuracy: 0.8, SameSet: 0.6, OtherSet: 0.5, TrainingSD: 0.02, DesignEffect: 1}
	for _, d := range []Design{{70, 70, 5, 1, 5, false}, {70, 70, 5, 3, 1, false}, {2, 2, 2, 3, 2, false}, {}} {
		if got := d.Detectable(a); got != 1 {
			t.Errorf("%+v shows %g", d, got)
		}
	}
	d := Design{Images: 70, Parts: 70, Classes: 5, Seeds: 3, Conditions: 2}
	for _, difference := range []float64{0.1, 0.2, 0.01} {
		if d.Seeds = d.SeedsFor(difference, a); d.Seeds > 0 && d.Detectable(a) > difference {
			t.Errorf("%d seeds do not show %g", d.Seeds, difference)
		}
		d = Design{Images: 70, Parts: 70, Classes: 5, Seeds: 5, Conditions: 2}
		if d.Images = d.ImagesFor(difference, a); d.Images > 0 {
			if d.Parts = d.Images; d.Detectable(a) > difference || math.IsNaN(d.Detectable(a)) {
				t.Errorf("%d images do not show %g", d.Images, difference)
			}
		}
		d = Design{Images: 70, Parts: 70, Classes: 5, Seeds: 3, Conditions: 2}
	}
}
