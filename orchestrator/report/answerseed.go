package report

import (
	"fmt"

	"github.com/dustin/go-humanize/english"
)

// classifiersAnswer describes the classifiers of one seed. They are compared
// with each other; of training sets one seed shows nothing, so nothing is said.
func (r *Report) classifiersAnswer(control *condition, all []*condition) []string {
	first := control
	if first == nil {
		first = topOf(all)
	}
	sentences := []string{
		fmt.Sprintf("One seed describes these %s and cannot say which training set is better.", english.Plural(len(all), "classifier", "")),
		fmt.Sprintf("The classifier trained on “%s” has an accuracy of %s (95 %% interval %s, %s).",
			first.name, overSeeds(first.accuracy.Spread), between(first.accuracy.Interval), english.Plural(r.tests.total, "test image", "")),
	}
	var others []string
	for _, c := range all {
		if p, ok := r.against(c, first); ok && c != first {
			others = append(others, fmt.Sprintf("“%s” with %s (%s)", c.name, overSeeds(c.accuracy.Spread), p.words()))
		}
	}
	if len(others) > 0 {
		sentences = append(sentences, fmt.Sprintf("Beside it, the classifiers trained on %s; each p is adjusted for %s and compares two classifiers on the same images, not their training sets.",
			english.WordSeries(others, "and"), english.Plural(len(r.pairs), "comparison", "")))
	}
	return sentences
}

// matched compares training sets with those that have the same real images and
// no others: what the two differ in is the generated images alone. The control
// is compared with everything already.
func (r *Report) matched(control *condition, all []*condition) []string {
	var sentences []string
	for _, c := range all {
		if !c.onBoth() {
			continue
		}
		for _, same := range all {
			p, ok := r.against(c, same)
			if !ok || same == control || same.set.UsesGenerated() || !same.set.SamePhotos(*c.set) {
				continue
			}
			verdict := "they cannot be told apart"
			switch {
			case !p.Repeated():
				verdict = "whether their classifiers differ by chance, one seed does not show"
			case p.Significant() && p.Difference.Mean > 0:
				verdict = "the generated images help"
			case p.Significant():
				verdict = "the generated images harm"
			}
			sentences = append(sentences, fmt.Sprintf("“%s” has the real images of “%s” and generated ones besides: %s (%s).", c.name, same.name, verdict, p.words()))
		}
	}
	return sentences
}
