package result

import (
	"errors"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// Detection is how well the classifiers of a condition tell defective test images from
// good ones, whatever the defect, over seeds.
type Detection struct {
	Defective        int      `json:"defective"` // test images
	Good             int      `json:"good"`
	AUROC            Estimate `json:"auroc"`                      // area under the ROC curve
	AveragePrecision Estimate `json:"average_precision"`          // of the defective images
	Escapes          Estimate `json:"escapes_at_5_false_alarms"`  // share of defective images that pass where UsualFalseAlarms of good ones may be sorted out
	FalseAlarms      Estimate `json:"false_alarms_at_95_recall"`  // share of good images that are sorted out where UsualRecall of defective ones must be found
	FalseAlarmsAll   Estimate `json:"false_alarms_at_100_recall"` // the same where all must be

	Probable    bool     `json:"-"`                          // that scores are probabilities, without which the others are missing
	Brier       Estimate `json:"brier,omitzero"`             // mean square of what the score is off
	Calibration Spread   `json:"calibration_error,omitzero"` // expected calibration error of the class that is answered
}

// Usual points of the curve that are told. They are read off the test images themselves,
// and so show what is possible, not what a threshold that is chosen before will do.
const (
	UsualFalseAlarms = 0.05
	UsualRecall      = 0.95
)

// Detect estimates the detection of some runs by their predictions, of which a class is
// that of good parts; false if the test images are all good or all defective.
func (r *Runs) Detect(list []*Predictions, good int) (d Detection, ok bool) {
	var scores []*Scores
	var calibration []float64
	d.Probable = true
	for _, p := range list {
		scores = append(scores, NewScores(p, good))
		if p.Scored {
			d.Probable = false
			continue
		}
		calibration = append(calibration, CalibrationError(p))
	}
	all := scores[0].At(math.Inf(1))
	if d.Defective, d.Good = all.Escapes, all.Passed; d.Defective == 0 || d.Good == 0 {
		return d, false
	}
	d.AUROC = r.placed(scores)
	if d.Probable {
		d.Brier = r.averaged(r.shares(), func(run, image int) float64 { return scores[run].squared(image) })
		d.Calibration = Over(calibration)
	}
	points := r.bootstrapped(func(run int, images []int) []float64 {
		s := scores[run]
		if images != nil {
			s = s.of(images)
		}
		c := s.Curve()
		return []float64{
			c.AveragePrecision(), 1 - c.WithFalseAlarms(UsualFalseAlarms).Recall(),
			c.WithRecall(UsualRecall).FalseAlarmRate(), c.WithRecall(1).FalseAlarmRate(),
		}
	})
	d.AveragePrecision, d.Escapes, d.FalseAlarms, d.FalseAlarmsAll = points[0], points[1], points[2], points[3]
	return d, true
}

// placed estimates the area under the ROC curve: readers and cases are what Obuchowski and
// Rockette's model was made for, with DeLong's placements for what each case adds.
func (r *Runs) placed(scores []*Scores) Estimate {
	weights, values := placedBy(scores)
	return r.averaged(weights, func(run, image int) float64 { return values[run][image] })
}

// placedBy are what test images add to the areas of runs, and their weights in these.
func placedBy(scores []*Scores) (weights []float64, values [][]float64) {
	defective, all := scores[0].defective, scores[0].At(math.Inf(1))
	weights = make([]float64, len(defective))
	for i := range weights {
		if weights[i] = 1 / float64(all.Passed); defective[i] {
			weights[i] = 1 / float64(all.Escapes)
		}
	}
	for _, run := range scores {
		placements, area := run.placements(), run.AUROC()
		for i := range placements {
			if !defective[i] { // what good images add sums up to 0: the others' is the area already
				placements[i] -= area
			}
		}
		values = append(values, placements)
	}
	return weights, values
}

// calibrationBins are those of Guo et al.
const calibrationBins = 15

// CalibrationError is the expected calibration error: how far the probability of the class that is
// answered lies from how often it is right, on average over bins of that probability (Naeini,
// Cooper and Hauskrecht, AAAI 2015; with 15 bins of equal width as in Guo et al., ICML 2017).
func CalibrationError(p *Predictions) float64 {
	var off [calibrationBins]float64
	for _, img := range p.Images {
		confidence := img.Probabilities[img.Predicted]
		bin := min(max(int(math.Ceil(confidence*calibrationBins))-1, 0), calibrationBins-1)
		off[bin] += confidence
		if img.Predicted == img.Label {
			off[bin]--
		}
	}
	sum := 0.0
	for _, difference := range off {
		sum += math.Abs(difference)
	}
	return sum / float64(max(1, len(p.Images)))
}

// Ranked is runs with what they said of their test images, of which a class is that of good parts.
type Ranked struct {
	Runs        *Runs
	Predictions []*Predictions
	Good        int
}

// RankedPair is two of some ranked runs, by their index.
type RankedPair struct{ A, B int }

// CompareAUROC compares the areas under the ROC curve of pairs of runs, seed by seed on the
// same test images: the difference of two correlated areas by the placements of DeLong, DeLong
// and Clarke-Pearson (Biometrics 44, 1988), and with several seeds in Obuchowski and Rockette's
// model, tested as accuracies are but for the exact test, which areas do not have. P values are
// adjusted over all pairs. Pairs without a seed in common are left out.
func CompareAUROC(all []Ranked, pairs []RankedPair) ([]Comparison, error) {
	var list []Comparison
	for _, pair := range pairs {
		c, err := compareAreas(all[pair.A], all[pair.B])
		if err != nil {
			return nil, err
		}
		if len(c.Seeds) > 0 {
			c.A, c.B = pair.A, pair.B
			list = append(list, c)
		}
	}
	if len(list) > 0 {
		conclude(list, all[list[0].A].Runs.Parts())
	}
	return list, nil
}

func compareAreas(a, b Ranked) (c Comparison, err error) {
	if !a.Runs.SameImages(b.Runs) {
		return c, errors.New("two conditions were tested on other images")
	}
	scoresA, scoresB := a.scores(), b.scores()
	weights, ofA := placedBy(scoresA)
	_, ofB := placedBy(scoresB)
	d := crossed{strata: a.Runs.strata, sizes: a.Runs.byPart(func(i int) float64 { return weights[i] })}
	var areas [2][]float64
	for s, seed := range a.Runs.Seeds {
		t := slices.Index(b.Runs.Seeds, seed)
		if t < 0 {
			continue
		}
		c.Seeds = append(c.Seeds, seed)
		d.parts = append(d.parts, a.Runs.byPart(func(i int) float64 { return weights[i] * (ofA[s][i] - ofB[t][i]) }))
		areas[0], areas[1] = append(areas[0], scoresA[s].AUROC()), append(areas[1], scoresB[t].AUROC())
	}
	if len(c.Seeds) == 0 {
		return c, nil
	}
	c.sums, c.variance = d.sums(), d.variance()
	if runs := float64(len(c.Seeds)); runs > 1 {
		c.own = [2]float64{stat.Variance(areas[0], nil) / runs, stat.Variance(areas[1], nil) / runs}
	} else {
		c.exact = c.variance.pValue(c.sums[0])
	}
	return c, nil
}

func (r Ranked) scores() (list []*Scores) {
	for _, p := range r.Predictions {
		list = append(list, NewScores(p, r.Good))
	}
	return list
}
