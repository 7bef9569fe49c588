package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"kizu/orchestrator/report/table"
	"kizu/orchestrator/result"
)

// scale is a curve of training sets of photos alone, by their photos of each defect, and
// the sets with generated images that are placed on it: all of one way to train classifiers.
type scale struct {
	curve  []*condition // with results, in ascending order
	placed []placed
}

type placed struct {
	set *condition
	result.Worth
}

// findScales places training sets with generated images on the curves of conditions.real_counts.
func (r *Report) findScales() error {
	exp := r.plan.Experiment
	if len(r.counts) == 0 {
		return nil
	}
	base, _ := exp.CountBase()
	for _, c := range slices.Concat(r.conditions, r.counts) {
		if !c.set.PhotosAlone() || c.set.Good != base.Good || c.inspected == nil {
			continue
		}
		at := slices.IndexFunc(r.scales, func(s *scale) bool { return s.curve[0].classifier() == c.classifier() })
		if at < 0 {
			at, r.scales = len(r.scales), append(r.scales, &scale{})
		}
		s := r.scales[at]
		if !slices.ContainsFunc(s.curve, func(other *condition) bool { return other.set.Defects == c.set.Defects }) {
			s.curve = append(s.curve, c)
		}
	}
	r.scales = slices.DeleteFunc(r.scales, func(s *scale) bool { return len(s.curve) < 2 })
	for _, s := range r.scales {
		slices.SortFunc(s.curve, func(a, b *condition) int { return cmp.Compare(a.set.Defects.Real, b.set.Defects.Real) })
		if err := s.place(r.conditions); err != nil {
			return err
		}
	}
	return nil
}

// place puts the conditions with generated images on the curve.
func (s *scale) place(conditions []*condition) error {
	var counts []int
	var runs []*result.Runs
	for _, c := range s.curve {
		counts, runs = append(counts, c.set.Defects.Real), append(runs, c.inspected)
	}
	for _, c := range conditions {
		if !c.set.UsesGenerated() || c.inspected == nil || c.classifier() != s.curve[0].classifier() {
			continue
		}
		w, ok, err := result.WorthOf(counts, runs, c.inspected)
		if err != nil {
			return err
		}
		if ok {
			s.placed = append(s.placed, placed{c, w})
		}
	}
	return nil
}

// ends are the smallest and the largest count of the curve.
func (s *scale) ends() (least, most int) {
	return s.curve[0].set.Defects.Real, s.curve[len(s.curve)-1].set.Defects.Real
}

// photos writes a place on the curve, less so many photos, with its interval: "6 (4 to 8)",
// "at least 10 (above 7)".
func (s *scale) photos(w result.Worth, less int) string {
	least, most := s.ends()
	number := func(x float64) string { return whole(x - float64(less)) }
	text := number(w.Photos)
	switch {
	case math.IsInf(w.Photos, -1):
		text = "at most " + number(float64(least))
	case math.IsInf(w.Photos, 1):
		text = "at least " + number(float64(most))
	}
	if !w.Repeated() {
		return text
	}
	low, high := w.Interval.Low, w.Interval.High
	switch below, above := math.IsInf(low, -1), math.IsInf(high, 1); {
	case below && above:
		return text + " (any number)"
	case math.IsInf(low, 1):
		return fmt.Sprintf("%s (at least %s)", text, number(float64(most)))
	case math.IsInf(high, -1):
		return fmt.Sprintf("%s (at most %s)", text, number(float64(least)))
	case below:
		return fmt.Sprintf("%s (at most %s)", text, number(high))
	case above:
		return fmt.Sprintf("%s (at least %s)", text, number(low))
	}
	return fmt.Sprintf("%s (%s to %s)", text, number(low), number(high))
}

// whole writes a number of photos, with a minus sign that is one.
func whole(x float64) string {
	if n := math.Round(x); n < 0 {
		return fmt.Sprintf("−%.0f", -n)
	}
	return fmt.Sprintf("%.0f", math.Abs(math.Round(x)))
}

// worthGrid is the table of curves and what stands on them; without rows where there are none.
func (r *Report) worthGrid() table.Table {
	g := table.Table{
		Title: "Study 2, how many real photos of each defect training sets are worth, " + r.seedsText(),
		Columns: []table.Column{
			{Head: "training set"}, {Head: "each defect"}, {Head: "without a mistake", Numeric: true},
			{Head: "as good as real photos", Numeric: true}, {Head: "more than it has", Numeric: true},
		},
		Notes: result.WorthNotes(len(r.seeds()) > 1),
	}
	for _, s := range r.scales {
		for _, c := range s.curve {
			g.Rows = append(g.Rows, []string{c.name, c.set.Defects.Text(""), overSeeds(c.right().Spread), fmt.Sprint(c.set.Defects.Real), "–"})
		}
		for _, p := range s.placed {
			g.Rows = append(g.Rows, []string{p.set.name, p.set.set.Defects.Text(r.generatedWord(p.set)), overSeeds(p.set.right().Spread), s.photos(p.Worth, 0), s.photos(p.Worth, p.set.set.Defects.Photos())})
		}
	}
	return g
}

// worthAnswer says what the training set that the verdict is about is worth; "" where that
// is not known.
func (r *Report) worthAnswer() string {
	for _, s := range r.scales {
		for _, p := range s.placed {
			if r.verdict != nil && p.set == r.verdict.others[r.verdict.Best] && p.Repeated() {
				return fmt.Sprintf("“%s”, with %s of each defect, is as good as %s real photos of it: %s more than it has.",
					p.set.name, p.set.set.Defects.Text("generated"), s.photos(p.Worth, 0), s.photos(p.Worth, p.set.set.Defects.Photos()))
			}
		}
	}
	return ""
}

// right is the share of test images without a mistake.
func (c *condition) right() result.Estimate { return c.inspected.Accuracy() }

// worthResult is what training sets are worth, in results.json.
type worthResult struct {
	Curve []countResult  `json:"curve"`
	Sets  []placedResult `json:"sets"`
}

type countResult struct {
	Condition string          `json:"condition"`
	Photos    int             `json:"photos"` // of each defect
	Right     result.Estimate `json:"without_mistake"`
}

// placedResult is a training set on the curve; what lies beyond its ends is null.
type placedResult struct {
	Condition string   `json:"condition"`
	Own       int      `json:"own_photos"`
	Photos    *float64 `json:"photos"` // that it is as good as
	Beyond    string   `json:"beyond,omitempty"`
	Low       *float64 `json:"low"`
	High      *float64 `json:"high"`
	Seeds     []int64  `json:"seeds"`
}

func (r *Report) worthResults() (list []worthResult) {
	finite := func(x float64) *float64 {
		if math.IsInf(x, 0) {
			return nil
		}
		return &x
	}
	for _, s := range r.scales {
		entry := worthResult{Sets: []placedResult{}}
		for _, c := range s.curve {
			entry.Curve = append(entry.Curve, countResult{c.name, c.set.Defects.Real, c.right()})
		}
		for _, p := range s.placed {
			set := placedResult{Condition: p.set.name, Own: p.set.set.Defects.Photos(), Photos: finite(p.Photos), Seeds: p.Seeds}
			switch {
			case math.IsInf(p.Photos, 1):
				set.Beyond = "above"
			case math.IsInf(p.Photos, -1):
				set.Beyond = "below"
			}
			if p.Repeated() {
				set.Low, set.High = finite(p.Interval.Low), finite(p.Interval.High)
			}
			entry.Sets = append(entry.Sets, set)
		}
		list = append(list, entry)
	}
	return list
}
