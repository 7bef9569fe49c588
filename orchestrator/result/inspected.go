package result

import "slices"

// Inspected restates what a classifier or a detector said as what an inspection by it does: an image is
// sorted out, whatever the defect, if its score is at least the threshold, or, without one, if
// another class than the good one is answered. A defective image that is sorted out
// and a good one that passes count as right, whichever defect the answer was, so accuracy is
// the share without a mistake, a defect's recall that of its images that do not escape, and
// every test of conditions holds for mistakes.
func Inspected(p *Predictions, good int) *Predictions {
	inspected := &Predictions{Classes: p.Classes}
	for i, img := range p.Images {
		out := img.Predicted != good
		if p.Threshold != nil {
			out = p.Score(i, good) >= *p.Threshold
		}
		switch {
		case !out:
			img.Predicted = good
		case img.Label != good:
			img.Predicted = img.Label
		default:
			img.Predicted = (good + 1) % len(p.Classes) // any defect
		}
		inspected.Images = append(inspected.Images, img)
	}
	return inspected
}

// Inspection counts what an inspection by a condition's classifiers gets wrong.
type Inspection struct {
	Escapes     Estimate `json:"escapes"`      // share of defective test images that pass
	FalseAlarms Estimate `json:"false_alarms"` // share of good ones that are sorted out
	Defective   int      `json:"-"`            // test images
	Good        int      `json:"-"`
}

// Inspection is that of inspected runs, which are of images of both kinds.
func (r *Runs) Inspection(good int) Inspection {
	return Inspection{
		Escapes: r.of(func(class int) bool { return class != good }).wrong(), FalseAlarms: r.of(func(class int) bool { return class == good }).wrong(),
		Defective: len(r.labels) - r.sizes[good], Good: r.sizes[good],
	}
}

// wrong is the share of images that are not found.
func (r *Runs) wrong() Estimate {
	e := r.Accuracy()
	e.Mean = max(0, 1-e.Mean) // a sum of shares may lie a rounding above 1
	e.Interval = Interval{1 - e.Interval.High, 1 - e.Interval.Low}
	return e
}

// of are the runs on the images of some classes.
func (r *Runs) of(chosen func(class int) bool) *Runs {
	some := &Runs{Classes: r.Classes, Seeds: r.Seeds, sizes: make([]int, len(r.sizes)), predicted: make([][]int, len(r.predicted))}
	at := map[int]int{} // of the images kept
	for i, label := range r.labels {
		if !chosen(label) {
			continue
		}
		some.sizes[label]++
		at[i] = len(some.images)
		some.images, some.labels = append(some.images, r.images[i]), append(some.labels, label)
		for run := range r.predicted {
			some.predicted[run] = append(some.predicted[run], r.predicted[run][i])
		}
	}
	var labels []int // of each part, that of its first image
	for _, images := range r.parts {
		var kept []int
		for _, i := range images {
			if place, ok := at[i]; ok {
				kept = append(kept, place)
			}
		}
		if len(kept) > 0 {
			some.parts, labels = append(some.parts, kept), append(labels, some.labels[kept[0]])
		}
	}
	some.strata = stratify(labels, len(r.Classes))
	return some
}

// Mistaken is a test image that inspections get wrong.
type Mistaken struct {
	Place int // among the test images
	Image string
	Label int
	Runs  int // that do
}

// Mistaken lists the images that any of the inspected runs gets wrong: those first that
// most runs do, and of as many in the order of the test images.
func (r *Runs) Mistaken() (list []Mistaken) {
	for i, name := range r.images {
		m := Mistaken{Place: i, Image: name, Label: r.labels[i], Runs: r.WrongIn(i)}
		if m.Runs > 0 {
			list = append(list, m)
		}
	}
	slices.SortStableFunc(list, func(a, b Mistaken) int { return b.Runs - a.Runs })
	return list
}

// WrongIn counts the runs that get the image of a place wrong.
func (r *Runs) WrongIn(place int) (n int) {
	for run := range r.predicted {
		n += 1 - int(r.right(run, place))
	}
	return n
}
