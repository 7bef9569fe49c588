package result

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// Six good images and four defective ones, scored by three classifiers.
var detected = [][]float64{
	{.1, .2, .2, .4, .55, .7, .2, .55, .8, .9},
	{.3, .1, .25, .6, .5, .2, .65, .4, .7, .95},
	{.05, .3, .1, .2, .8, .4, .3, .9, .6, .85},
}

// scored makes predictions of two classes of scores, the first good images of them good.
func scored(good int, scores []float64) *Predictions {
	p := &Predictions{Classes: []string{"good", "bad"}}
	for i, score := range scores {
		img := Prediction{Image: fmt.Sprint(i), Probabilities: []float64{1 - score, score}}
		if i >= good {
			img.Label = 1
		}
		if score > 0.5 {
			img.Predicted = 1
		}
		p.Images = append(p.Images, img)
	}
	return p
}

// TestScoresAgainstScikitLearn: the wanted values are roc_auc_score, average_precision_score
// and brier_score_loss of scikit-learn 1.9.1.
func TestScoresAgainstScikitLearn(t *testing.T) {
	for i, want := range [][3]float64{
		{0.7708333333333334, 0.7611111111111111, 0.1935},
		{0.9166666666666667, 0.9166666666666666, 0.13874999999999998},
		{0.8541666666666666, 0.8303571428571428, 0.1625},
	} {
		s := NewScores(scored(6, detected[i]), 0)
		near(t, "AUROC", s.AUROC(), want[0])
		near(t, "average precision", s.Curve().AveragePrecision(), want[1])
		near(t, "Brier", s.Brier(), want[2])
	}
}

// TestPointsOfACurve: counted by hand; scikit-learn's roc_curve has the same points.
func TestPointsOfACurve(t *testing.T) {
	s := NewScores(scored(6, detected[0]), 0)
	c := s.Curve()
	found := map[float64][2]int{}
	for _, p := range c {
		found[p.Threshold] = [2]int{p.FalseAlarms, p.Found}
		if p != s.At(p.Threshold) {
			t.Errorf("%+v on the curve is %+v alone", p, s.At(p.Threshold))
		}
	}
	for threshold, want := range map[float64][2]int{math.Inf(1): {0, 0}, .9: {0, 1}, .8: {0, 2}, .7: {1, 2}, .55: {2, 3}, .4: {3, 3}, .2: {5, 4}, .1: {6, 4}} {
		near := 0
		for at, counts := range found {
			if (at == threshold || math.Abs(at-threshold) < 1e-12) && counts == want {
				near++
			}
		}
		if near != 1 {
			t.Errorf("at %v: want %v of %v", threshold, want, found)
		}
	}
	if p := c.WithFalseAlarms(0.05); p.Escapes != 2 || p.FalseAlarms != 0 {
		t.Errorf("without false alarms %+v", p)
	}
	if p := c.WithFalseAlarms(0.4); p.Escapes != 1 || p.FalseAlarms != 2 {
		t.Errorf("with two of six false alarms %+v", p)
	}
	if p := c.WithRecall(0.75); p.FalseAlarms != 2 || p.Escapes != 1 {
		t.Errorf("at a recall of 0.75 %+v", p)
	}
	if p := c.WithRecall(1); p.FalseAlarms != 5 || p.Escapes != 0 {
		t.Errorf("at a recall of 1 %+v", p)
	}
	alike := NewScores(scored(2, []float64{.5, .5, .5}), 0)
	if p := alike.Curve().WithFalseAlarms(0.05); p.Escapes != 1 || alike.AUROC() != 0.5 || alike.Curve().WithRecall(0.95).FalseAlarms != 2 {
		t.Errorf("of equal scores %+v, AUROC %v", p, alike.AUROC())
	}
}

// TestAUROCIsAShareOfPairs: over random scores with many equal ones.
func TestAUROCIsAShareOfPairs(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	for range 50 {
		good := 1 + random.IntN(20)
		scores := make([]float64, good+1+random.IntN(20))
		for i := range scores {
			scores[i] = float64(random.IntN(6)) / 8
		}
		sum, pairs := 0.0, 0.0
		for _, low := range scores[:good] {
			for _, high := range scores[good:] {
				pairs++
				switch {
				case high > low:
					sum++
				case high == low:
					sum += 0.5
				}
			}
		}
		near(t, "AUROC", NewScores(scored(good, scores), 0).AUROC(), sum/pairs)
	}
}

// TestDetection: the standard error of the mean AUROC is that of Obuchowski and Rockette's
// model with DeLong's placements, computed with numpy.
func TestDetection(t *testing.T) {
	var list []*Predictions
	for _, scores := range detected {
		list = append(list, scored(6, scores))
	}
	runs, err := NewRuns([]int64{0, 1, 2}, list)
	if err != nil {
		t.Fatal(err)
	}
	d, ok := runs.Detect(list, 0)
	if !ok || d.Good != 6 || d.Defective != 4 {
		t.Fatalf("%v %+v", ok, d)
	}
	near(t, "AUROC", d.AUROC.Mean, 0.8472222222222222)
	near(t, "its standard error", d.AUROC.SE, 0.08419691425682044)
	near(t, "average precision", d.AveragePrecision.Mean, (0.7611111111111111+0.9166666666666666+0.8303571428571428)/3)
	near(t, "Brier", d.Brier.Mean, (0.1935+0.13875+0.1625)/3)
	near(t, "escapes", d.Escapes.Mean, (2.0/4+1.0/4+2.0/4)/3)
	near(t, "false alarms where all are found", d.FalseAlarmsAll.Mean, (5.0/6+2.0/6+3.0/6)/3)
	for name, e := range map[string]Estimate{"AUROC": d.AUROC, "AP": d.AveragePrecision, "escapes": d.Escapes, "Brier": d.Brier} {
		if !(e.Interval.Low < e.Mean && e.Mean < e.Interval.High) {
			t.Errorf("%s: %+v", name, e)
		}
	}
	if _, ok := runs.Detect([]*Predictions{scored(10, detected[0])}, 0); ok {
		t.Error("images that are all good show detection")
	}
}

// TestCalibrationError: two answers of 0.9 in one bin, one of them right, are off by 0.4; two
// of 0.6, both right, by 0.4 as well.
func TestCalibrationError(t *testing.T) {
	near(t, "of four answers", CalibrationError(scored(2, []float64{.1, .4, .1, .6})), 0.4)
}

// TestAUROCIntervalsCover: simulated scores are normal deviates of an image, which is one
// apart for defective ones, and of an image in one run; runs have another distance each.
// Intervals hold the area of the mean run at their rate.
func TestAUROCIntervalsCover(t *testing.T) {
	thousands(t)
	const simulations, image, both = 1500, 0.8, 0.6 // variances add up to 1
	for _, design := range []struct {
		good, defective, seeds int
		training               float64 // standard deviation of the distance from run to run
	}{{40, 30, 1, 0}, {120, 120, 3, 0}, {120, 120, 3, 0.2}, {40, 30, 5, 0.2}} {
		random, held := rand.New(rand.NewPCG(3, 4)), 0
		// Over runs, the difference of a pair is normal with mean 1 and this variance.
		truth := distuv.UnitNormal.CDF(1 / math.Sqrt(2+design.training*design.training))
		for range simulations {
			var list []*Predictions
			var scores []*Scores
			var seeds []int64
			shared := make([]float64, design.good+design.defective)
			for i := range shared {
				shared[i] = image * random.NormFloat64()
			}
			for run := range design.seeds {
				distance := 1 + design.training*random.NormFloat64()
				deviates := make([]float64, len(shared))
				for i := range deviates {
					if deviates[i] = shared[i] + both*random.NormFloat64(); i >= design.good {
						deviates[i] += distance
					}
					deviates[i] = distuv.UnitNormal.CDF(deviates[i]) // between 0 and 1, in the same order
				}
				list, seeds = append(list, scored(design.good, deviates)), append(seeds, int64(run))
				scores = append(scores, NewScores(list[run], 0))
			}
			runs, err := NewRuns(seeds, list)
			if err != nil {
				t.Fatal(err)
			}
			if got := runs.placed(scores).Interval; got.Low <= truth && truth <= got.High {
				held++
			}
		}
		rate := float64(held) / simulations
		t.Logf("%+v: %.3f", design, rate)
		if rate < 0.93 || rate > 0.975 {
			t.Errorf("%+v: %.1f %% of 95 %% intervals hold the area %.3f", design, 100*rate, truth)
		}
	}
}
