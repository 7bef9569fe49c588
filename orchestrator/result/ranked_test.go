package result

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// ranked are runs of six good images and four defective ones, one of each seed.
func ranked(t *testing.T, seeds []int64, scores ...[]float64) Ranked {
	t.Helper()
	r := Ranked{}
	for _, one := range scores {
		r.Predictions = append(r.Predictions, scored(6, one))
	}
	var err error
	if r.Runs, err = NewRuns(seeds, r.Predictions); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestCompareAUROC: the wanted difference, standard error and p are DeLong's formulas and
// Student's t with 8 degrees of freedom, by numpy and scipy.
func TestCompareAUROC(t *testing.T) {
	all := []Ranked{ranked(t, []int64{0}, detected[0]), ranked(t, []int64{0}, detected[1]), ranked(t, []int64{1}, detected[2])}
	list, err := CompareAUROC(all, []RankedPair{{0, 1}, {0, 2}})
	if err != nil || len(list) != 1 { // the last has no seed in common
		t.Fatalf("%+v, %v", list, err)
	}
	c := list[0]
	near(t, "difference", c.Difference.Mean, -0.14583333333333337)
	near(t, "standard error", c.Difference.SE, 0.1901814435781827)
	if math.Abs(c.P-0.46521811488459963) > 1e-6 || c.Adjusted != c.P || c.Significant() {
		t.Errorf("p %v, adjusted %v; one seed claims %v", c.P, c.Adjusted, c.Significant())
	}
	for i := range 3 {
		scores := ranked(t, []int64{0}, detected[i])
		if same, err := CompareAUROC([]Ranked{scores, scores}, []RankedPair{{0, 1}}); err != nil || same[0].Difference.Mean != 0 || same[0].P != 1 {
			t.Errorf("a detector beside itself: %+v, %v", same, err)
		}
	}
}

// TestCompareAUROCOverSeeds: the mean of the seeds' differences, from either side.
func TestCompareAUROCOverSeeds(t *testing.T) {
	seeds := []int64{0, 1, 2}
	worse := []float64{.9, .1, .8, .3, .7, .2, .1, .3, .2, .5}
	all := []Ranked{ranked(t, seeds, detected...), ranked(t, []int64{2, 1}, worse, worse)}
	list, err := CompareAUROC(all, []RankedPair{{0, 1}, {1, 0}})
	if err != nil || len(list) != 2 {
		t.Fatalf("%+v, %v", list, err)
	}
	area := NewScores(scored(6, worse), 0).AUROC()
	want := (NewScores(scored(6, detected[1]), 0).AUROC()+NewScores(scored(6, detected[2]), 0).AUROC())/2 - area
	near(t, "difference", list[0].Difference.Mean, want)
	near(t, "the other way", list[1].Difference.Mean, -want)
	if list[0].P != list[1].P || list[0].P <= 0 || len(list[0].Seeds) != 2 || list[0].Adjusted < list[0].P {
		t.Errorf("%+v", list)
	}
}

// TestScored: a detector's scores are of any scale; areas and inspections are those of the
// same order of images, and what needs probabilities is missing.
func TestScored(t *testing.T) {
	const text = "image,label,score\n0,good,1.5\n1,good,30\n2,hole,29.5\n3,hole,4e2\n"
	p, err := ReadScores(strings.NewReader(text), []string{"good", "hole"})
	if err != nil || !p.Scored || len(p.Images) != 4 || p.Score(3, 0) != 400 || p.Images[2].Label != 1 {
		t.Fatalf("%+v, %v", p, err)
	}
	threshold := 29.5
	p.Threshold = &threshold
	run, err := NewRuns([]int64{0}, []*Predictions{Inspected(p, 0)})
	if err != nil {
		t.Fatal(err)
	}
	if i := run.Inspection(0); i.Escapes.Mean != 0 || i.FalseAlarms.Mean != 0.5 {
		t.Errorf("%+v", i)
	}
	d, ok := run.Detect([]*Predictions{p}, 0)
	if !ok || d.AUROC.Mean != 0.75 || d.Probable || d.Brier.Mean != 0 || d.Calibration.N != 0 {
		t.Errorf("%+v", d)
	}
}

func TestReadScoresErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                                        "want image,label,score",
		"image,label,predicted,p_good\n":          "want image,label,score",
		"image,label,score\n1,good,high\n":        `line 2: "high" is no score`,
		"image,label,score\n1,good,NaN\n":         `line 2: "NaN" is no score`,
		"image,label,score\n1,cut,1\n":            `line 2: "cut" is none of`,
		"image,label,score\n1,good,1\n1,good,1\n": `line 3: image "1" stands there twice`,
		"image,label,score\n1,good\n":             "line 2",
	} {
		if _, err := ReadScores(strings.NewReader(text), []string{"good", "hole"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

// TestEqualAreasAreSeldomToldApart: simulated as TestAUROCIntervalsCover's scores, of a detector
// whose memories hardly differ and of two classifiers whose trainings do, all as good on average.
// With the two comparisons adjusted, fewer than 5 % of studies should claim any difference.
func TestEqualAreasAreSeldomToldApart(t *testing.T) {
	const simulations, image, both = 300, 0.8, 0.6
	pairs := []RankedPair{{2, 0}, {2, 1}}
	for _, design := range []struct{ good, defective, seeds int }{{40, 30, 3}, {120, 120, 3}} {
		random, claimed := rand.New(rand.NewPCG(5, 6)), 0
		for range simulations {
			shared := make([]float64, design.good+design.defective)
			for i := range shared {
				shared[i] = image * random.NormFloat64()
			}
			var all []Ranked
			for _, training := range []float64{0.2, 0.4, 0.02} {
				r := Ranked{}
				var seeds []int64
				for run := range design.seeds {
					// Of a mean run's area; a larger spread is made up for by a larger distance.
					distance := math.Sqrt(1+training*training/2) + training*random.NormFloat64()
					deviates := make([]float64, len(shared))
					for i := range deviates {
						if deviates[i] = shared[i] + both*random.NormFloat64(); i >= design.good {
							deviates[i] += distance
						}
						deviates[i] = distuv.UnitNormal.CDF(deviates[i])
					}
					r.Predictions, seeds = append(r.Predictions, scored(design.good, deviates)), append(seeds, int64(run))
				}
				var err error
				if r.Runs, err = NewRuns(seeds, r.Predictions); err != nil {
					t.Fatal(err)
				}
				all = append(all, r)
			}
			list, err := CompareAUROC(all, pairs)
			if err != nil {
				t.Fatal(err)
			}
			if list[0].Significant() || list[1].Significant() {
				claimed++
			}
		}
		rate := float64(claimed) / simulations
		t.Logf("%+v: %.3f", design, rate)
		if rate > 0.07 {
			t.Errorf("%+v: %.1f %% of studies claim a difference", design, 100*rate)
		}
	}
}
