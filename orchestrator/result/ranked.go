package result

import (
	"errors"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// Ranked is runs with what they said of their test images, of which a class is that of good
// parts.
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
