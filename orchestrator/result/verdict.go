package result

// Decision is what a study says of generated images.
type Decision string

// A study's decisions.
const (
	UseThem   Decision = "use them"
	Avoid     Decision = "do not use them"
	Undecided Decision = "cannot tell yet"
)

// Worthwhile is the smallest difference that matters: mistakes on 2 of 100 test images.
// A study that rules out a gain as large says not to use generated images.
const Worthwhile = 0.02

// Verdict is what inspections by classifiers of several conditions, each with generated
// images, say in comparison with a rival's.
type Verdict struct {
	Decision Decision

	// Of the conditions with results, by their index, in the order given:
	Compared []Comparison // A is the condition, -1 B the rival; differences are of the share without a mistake
	Harmed   [][]int      // classes of which each condition finds fewer than the rival
	Best     int          // index into Compared: that the decision is about, or the fewest mistakes
}

// Settling is what would probably show a difference: so many seeds with these test images,
// or so many test images with these seeds; 0 where no number within reason would.
type Settling struct {
	Difference float64 `json:"difference"`
	Seeds      int     `json:"seeds"`
	Images     int     `json:"test_images"`
}

// Better reports whether a comparison shows fewer mistakes than the rival's.
func (v Verdict) Better(i int) bool {
	return v.Compared[i].Significant() && v.Compared[i].Difference.Mean > 0
}

// Worse reports whether a comparison shows more mistakes than the rival's.
func (v Verdict) Worse(i int) bool {
	return v.Compared[i].Significant() && v.Compared[i].Difference.Mean < 0
}

// Idle reports whether a comparison rules out a gain of Worthwhile. Where nothing varies, an
// interval without width rules out nothing.
func (v Verdict) Idle(i int) bool {
	c := v.Compared[i]
	interval := c.Difference.Interval
	return c.Repeated() && interval.Low < interval.High && interval.High < Worthwhile
}

// Decide compares the inspections of conditions with a rival's; nil stands for one without
// results. ok is false if there is nothing to compare. p values are adjusted over these
// comparisons by Holm's method, so generated images that are no better than the rival are
// recommended in fewer than Level of studies, however many conditions there are. The rule:
//
//   - use them: a condition makes significantly fewer mistakes, and of no class of defects is
//     it shown to find fewer (at Level, not adjusted: a veto must not become weaker with the
//     number of classes); of several the one with the fewest mistakes;
//   - do not use them: every condition makes significantly more mistakes, or its interval
//     rules out a gain of Worthwhile;
//   - cannot tell yet: all else, and always with one seed.
func Decide(good int, rival *Runs, conditions []*Runs) (v Verdict, ok bool, err error) {
	if rival == nil {
		return v, false, nil
	}
	if v.Compared, err = CompareWith(rival, conditions); err != nil || len(v.Compared) == 0 {
		return v, false, err
	}
	for _, c := range v.Compared {
		v.Harmed = append(v.Harmed, harmed(good, conditions[c.A], rival))
	}
	v.decide()
	return v, true, nil
}

// harmed lists the classes of defects of which a condition is shown to find fewer.
func harmed(good int, condition, rival *Runs) (classes []int) {
	for class, n := range rival.sizes {
		if class == good || n == 0 {
			continue
		}
		only := func(other int) bool { return other == class }
		others := rival.of(only)
		c, err := compare(condition.of(only), others)
		if err != nil || len(c.Seeds) < 2 {
			continue
		}
		one := []Comparison{c}
		conclude(one, others.Parts())
		if one[0].Significant() && one[0].Difference.Mean < 0 {
			classes = append(classes, class)
		}
	}
	return classes
}

func (v *Verdict) decide() {
	fewest := func(among func(i int) bool) int {
		best := -1
		for i := range v.Compared {
			if among(i) && (best < 0 || v.Compared[i].Difference.Mean > v.Compared[best].Difference.Mean) {
				best = i
			}
		}
		return best
	}
	if best := fewest(func(i int) bool { return v.Better(i) && len(v.Harmed[i]) == 0 }); best >= 0 {
		v.Decision, v.Best = UseThem, best
		return
	}
	v.Decision, v.Best = Avoid, fewest(func(int) bool { return true })
	for i := range v.Compared {
		if !v.Worse(i) && !v.Idle(i) {
			v.Decision = Undecided
		}
	}
}

// Settle is what would show that the condition with the fewest mistakes is better than the
// rival, if it is by as much as it seems to be, or by Worthwhile where it seems to be by
// less; nothing with one seed.
func (v Verdict) Settle(rival *Runs) Settling {
	c := v.Compared[v.Best]
	if !c.Repeated() {
		return Settling{}
	}
	d := Design{
		Images: rival.Tested(), Parts: rival.Parts(), Classes: len(rival.strata), Seeds: len(c.Seeds),
		Conditions: len(v.Compared) + 1, OneRival: true,
	}
	difference, found := max(Worthwhile, c.Difference.Mean), c.found(d)
	return Settling{difference, d.seedsFor(difference, found), d.imagesFor(difference, found)}
}
