package result

import (
	"cmp"
	"math"
	"slices"
)

// Scores are what a classifier or a detector gave test images for being defective, whatever
// the defect.
type Scores struct {
	score     []float64
	defective []bool
	order     []int // from the most to the least defective
}

// NewScores takes the scores from predictions, of which a class is that of good parts.
func NewScores(p *Predictions, good int) *Scores {
	s := &Scores{}
	for i, img := range p.Images {
		s.score = append(s.score, p.Score(i, good))
		s.defective = append(s.defective, img.Label != good)
	}
	s.sort()
	return s
}

func (s *Scores) sort() {
	s.order = make([]int, len(s.score))
	for i := range s.order {
		s.order[i] = i
	}
	slices.SortStableFunc(s.order, func(a, b int) int { return cmp.Compare(s.score[b], s.score[a]) })
}

// of are the scores of some images, as often as they are listed.
func (s *Scores) of(images []int) *Scores {
	drawn := &Scores{}
	for _, i := range images {
		drawn.score, drawn.defective = append(drawn.score, s.score[i]), append(drawn.defective, s.defective[i])
	}
	drawn.sort()
	return drawn
}

// Point is what becomes of the test images where all are sorted out whose score is at
// least a threshold.
type Point struct {
	Threshold   float64
	Found       int // defective ones that are sorted out
	Escapes     int // defective ones that are not
	FalseAlarms int // good ones that are
	Passed      int // good ones that are not
}

// Curve is what becomes of the test images at falling thresholds.
type Curve []Point

// Recall is the share of defective images that are found; 0 without any.
func (p Point) Recall() float64 { return ratio(p.Found, p.Found+p.Escapes) }

// FalseAlarmRate is the share of good images that are sorted out; 0 without any.
func (p Point) FalseAlarmRate() float64 { return ratio(p.FalseAlarms, p.FalseAlarms+p.Passed) }

// At is the point of a threshold.
func (s *Scores) At(threshold float64) Point {
	p := Point{Threshold: threshold}
	for i, score := range s.score {
		p.count(s.defective[i], score >= threshold)
	}
	return p
}

func (p *Point) count(defective, out bool) {
	switch {
	case defective && out:
		p.Found++
	case defective:
		p.Escapes++
	case out:
		p.FalseAlarms++
	default:
		p.Passed++
	}
}

// Curve lists the point at which nothing is sorted out, and those of all thresholds that a score
// is, from the highest to the lowest (scikit-learn's roc_curve with drop_intermediate=False).
func (s *Scores) Curve() Curve {
	p := Point{Threshold: math.Inf(1)}
	for _, defective := range s.defective {
		p.count(defective, false)
	}
	points := Curve{p}
	for at, i := range s.order {
		if s.defective[i] {
			p.Found, p.Escapes = p.Found+1, p.Escapes-1
		} else {
			p.FalseAlarms, p.Passed = p.FalseAlarms+1, p.Passed-1
		}
		if at+1 == len(s.order) || s.score[s.order[at+1]] != s.score[i] {
			p.Threshold = s.score[i]
			points = append(points, p)
		}
	}
	return points
}

// AveragePrecision is the mean of the precisions at every threshold, weighted by the recall
// that each adds (scikit-learn's average_precision_score); 0 without defective images.
func (c Curve) AveragePrecision() (sum float64) {
	recall := 0.0
	for _, p := range c {
		sum += (p.Recall() - recall) * ratio(p.Found, p.Found+p.FalseAlarms)
		recall = p.Recall()
	}
	return sum
}

// WithFalseAlarms is the point with the fewest escapes of those at which no more than a
// share of the good images are sorted out.
func (c Curve) WithFalseAlarms(most float64) Point {
	best := c[0]
	for _, p := range c {
		if p.FalseAlarmRate() <= most && p.Escapes < best.Escapes {
			best = p
		}
	}
	return best
}

// WithRecall is the point with the fewest false alarms of those at which at least a share
// of the defective images are found.
func (c Curve) WithRecall(least float64) Point {
	for _, p := range c {
		if p.Recall() >= least {
			return p
		}
	}
	return c[0]
}

// placements are, for each defective image, the share of good ones with a lower score, and
// for each good one, that of defective ones with a higher; equal ones count half. The mean
// of either is the area under the ROC curve, and their variances are what it is uncertain
// by (DeLong, DeLong and Clarke-Pearson, Biometrics 44, 1988).
func (s *Scores) placements() []float64 {
	all := s.At(math.Inf(1))
	good, defective := float64(all.Passed), float64(all.Escapes)
	values := make([]float64, len(s.score))
	var goodAbove, defectiveAbove float64
	for from := 0; from < len(s.order); {
		to, equalGood, equalDefective := from, 0.0, 0.0
		for ; to < len(s.order) && s.score[s.order[to]] == s.score[s.order[from]]; to++ {
			if s.defective[s.order[to]] {
				equalDefective++
			} else {
				equalGood++
			}
		}
		for _, i := range s.order[from:to] {
			if s.defective[i] {
				values[i] = (good - goodAbove - equalGood/2) / good
			} else {
				values[i] = (defectiveAbove + equalDefective/2) / defective
			}
		}
		goodAbove, defectiveAbove, from = goodAbove+equalGood, defectiveAbove+equalDefective, to
	}
	return values
}

// AUROC is the area under the ROC curve: the share of pairs of a defective and a good image of
// which the defective one has the higher score, equal ones counting half; NaN without either.
func (s *Scores) AUROC() float64 {
	sum, n := 0.0, 0
	for i, value := range s.placements() {
		if s.defective[i] {
			sum, n = sum+value, n+1
		}
	}
	return sum / float64(n)
}

// Brier is the mean square of the scores' distance from 1 for defective images and from 0
// for good ones (Brier, Monthly Weather Review 78, 1950; scikit-learn's brier_score_loss).
func (s *Scores) Brier() (sum float64) {
	for i := range s.score {
		sum += s.squared(i) / float64(len(s.score))
	}
	return sum
}

func (s *Scores) squared(i int) float64 {
	off := s.score[i]
	if s.defective[i] {
		off = 1 - off
	}
	return off * off
}
