package result

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// inspected makes the runs of seeds, each with its mistakes at the images listed, of 20 good
// images and after these 10 of each of two defects.
func inspected(t *testing.T, wrong ...[]int) *Runs {
	t.Helper()
	var list []*Predictions
	var seeds []int64
	for seed, images := range wrong {
		p := &Predictions{Classes: []string{"good", "crack", "hole"}}
		for i := range 40 {
			label := max(0, i/10-1)
			img := Prediction{Image: fmt.Sprint(i), Label: label, Predicted: label, Probabilities: []float64{0, 1, 0}}
			if img.Label == 0 {
				img.Probabilities = []float64{1, 0, 0}
			}
			if slices.Contains(images, i) {
				img.Predicted = 0
				if label == 0 {
					img.Predicted = 2
				}
			}
			p.Images = append(p.Images, img)
		}
		list, seeds = append(list, Inspected(p, 0)), append(seeds, int64(seed))
	}
	r, err := NewRuns(seeds, list)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func span(from, to int) (list []int) {
	for i := from; i < to; i++ {
		list = append(list, i)
	}
	return list
}

func TestInspected(t *testing.T) {
	p := &Predictions{Classes: []string{"crack", "good", "hole"}, Images: []Prediction{
		{Image: "wrong defect", Label: 0, Predicted: 2, Probabilities: []float64{0.2, 0.3, 0.5}},
		{Image: "escape", Label: 2, Predicted: 1, Probabilities: []float64{0.1, 0.6, 0.3}},
		{Image: "false alarm", Label: 1, Predicted: 0, Probabilities: []float64{0.5, 0.4, 0.1}},
		{Image: "good", Label: 1, Predicted: 1, Probabilities: []float64{0, 0.75, 0.25}},
	}}
	number := func(x float64) *float64 { return &x }
	for _, test := range []struct {
		threshold *float64
		want      []int
	}{
		{nil, []int{0, 1, 2, 1}},
		{number(0.4), []int{0, 2, 2, 1}},
		{number(0.25), []int{0, 2, 2, 2}}, // at least the threshold is sorted out
		{number(0.8), []int{1, 1, 1, 1}},
	} {
		var got []int
		p.Threshold = test.threshold
		for _, img := range Inspected(p, 1).Images {
			got = append(got, img.Predicted)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%v: %v, want %v", test.threshold, got, test.want)
		}
	}
	p.Threshold = nil
	r, err := NewRuns([]int64{1}, []*Predictions{Inspected(p, 1)})
	if err != nil {
		t.Fatal(err)
	}
	got := r.Inspection(1)
	if got.Escapes.Mean != 0.5 || got.FalseAlarms.Mean != 0.5 || got.Defective != 2 || got.Good != 2 {
		t.Errorf("inspection %+v", got)
	}
}

func TestDecide(t *testing.T) {
	rival := inspected(t, span(10, 34), span(11, 35), span(12, 34))
	better := inspected(t, span(10, 14), span(11, 15), span(12, 15))
	same := inspected(t, span(11, 35), span(10, 34), span(12, 35))
	worse := inspected(t, span(0, 40), span(0, 39), span(0, 40))
	// makes fewer mistakes, but finds no hole of which the rival finds six
	harming := inspected(t, span(30, 40), span(30, 40), span(30, 40))
	once := inspected(t, span(10, 12))
	for name, test := range map[string]struct {
		conditions []*Runs
		decision   Decision
		best       int
	}{
		"better":                        {[]*Runs{better}, UseThem, 0},
		"the best of two":               {[]*Runs{same, better}, UseThem, 1},
		"better for the price of holes": {[]*Runs{harming}, Undecided, 0},
		"another is without the price":  {[]*Runs{harming, better}, UseThem, 1},
		"worse":                         {[]*Runs{worse}, Avoid, 0},
		"worse or alike":                {[]*Runs{worse, same}, Undecided, 1},
		"one seed":                      {[]*Runs{once}, Undecided, 0},
		"without results":               {[]*Runs{nil, better}, UseThem, 0},
	} {
		v, ok, err := Decide(0, rival, test.conditions)
		if err != nil || !ok {
			t.Fatal(name, ok, err)
		}
		if v.Decision != test.decision || v.Best != test.best {
			t.Errorf("%s: %s about %d, want %s about %d", name, v.Decision, v.Best, test.decision, test.best)
		}
	}
	if v, _, _ := Decide(0, rival, []*Runs{harming}); !slices.Equal(v.Harmed[0], []int{2}) {
		t.Errorf("harmed classes %v, want holes", v.Harmed)
	}
	if _, ok, err := Decide(0, rival, []*Runs{nil}); ok || err != nil {
		t.Error("something was decided without results", err)
	}
	if _, ok, _ := Decide(0, nil, []*Runs{better}); ok {
		t.Error("something was decided without the rival's results")
	}
}

// A large study without any difference says that there is no gain worth having.
func TestDecideRulesAGainOut(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	w := world{sizes: []int{4000, 2000, 2000}, recall: []float64{0.95, 0.9, 0.9}, image: 0.9, training: []float64{0.01, 0.01, 0.01}}
	runs := w.draw(random, 5)
	v, ok, err := Decide(0, runs[2], runs[:2])
	if err != nil || !ok || v.Decision != Avoid || !v.Idle(0) || v.Worse(0) {
		t.Errorf("%+v %v %v", v, ok, err)
	}
}

// decisions are the shares of simulated studies that say to use, and not to use, generated
// images. The last condition is the rival, or the first one is.
func (w world) decisions(t *testing.T, seeds, simulations int, firstIsRival bool) (use, avoid float64) {
	random := rand.New(rand.NewPCG(7, 8))
	for range simulations {
		runs := w.draw(random, seeds)
		if firstIsRival {
			slices.Reverse(runs)
		}
		for _, r := range runs {
			for _, predicted := range r.predicted {
				for i, label := range r.labels {
					if label != 0 && predicted[i] != 0 {
						predicted[i] = label
					}
				}
			}
		}
		v, ok, err := Decide(0, runs[len(runs)-1], runs[:len(runs)-1])
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		switch v.Decision {
		case UseThem:
			use++
		case Avoid:
			avoid++
		}
	}
	return use / float64(simulations), avoid / float64(simulations)
}

// How often a study decides, and wrongly: docs/results.md has the table of make simulate.
func TestDecisionsErr(t *testing.T) {
	n, all := simulations(60)
	for _, study := range studies {
		for _, f := range fluctuations {
			for _, conditions := range []int{2, 4, 8} {
				for _, seeds := range []int{1, 3, 5} {
					for _, effect := range []float64{0, 0.05, -0.05, 0.15, -0.15} {
						if !all && (conditions != 4 || seeds == 5 || effect != 0 || f.most == 0) || effect != 0 && f.name != "alike" {
							continue
						}
						for _, rival := range []bool{false, true} {
							if rival && (f.first == f.usual && f.one == 0 || effect != 0) {
								continue
							}
							t.Run(fmt.Sprintf("%s, %s, %d conditions, %d seeds, %+.2f, the rival is the first: %v", study.name, f.name, conditions, seeds, effect, rival), func(t *testing.T) {
								if !all {
									t.Parallel()
								}
								w := f.in(study.sizes, study.recall, conditions)
								w.better = effect
								use, avoid := w.decisions(t, seeds, n, rival)
								t.Logf("use %.4f, do not %.4f", use, avoid)
								if seeds == 1 && use+avoid > 0 {
									t.Errorf("one seed decides: %.2f, %.2f", use, avoid)
								}
								if most := f.most; most > 0 && effect <= 0 && use > most+noise(most, n) {
									t.Errorf("%.1f %% of %d studies recommend what is no better", 100*use, n)
								}
							})
						}
					}
				}
			}
		}
	}
}
