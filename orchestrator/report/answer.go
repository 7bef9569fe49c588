package report

import (
	"fmt"
	"slices"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/result"
)

// answer says in words what the numbers allow to be said, the most important
// sentence first. It calls two training sets different only if they were trained
// with several seeds and the p value of their comparison, adjusted over all
// comparisons, is below 5 %; result.PairNotes say how often that is wrong.
func (r *Report) answer() []string {
	var sentences []string
	if r.verdict != nil {
		sentences = append(sentences, r.verdict.measure())
	}
	if len(r.conditions) > 0 {
		sentences = append(sentences, r.conditionsAnswer()...)
	}
	if len(r.patterns) > 0 {
		sentences = append(sentences, r.patternsAnswer()...)
	}
	if open := len(r.cells) - r.count(done); open > 0 {
		caution := fmt.Sprintf("%d of %s not finished (%d failed, %d not run): this is not the whole picture yet.",
			open, isAre(len(r.cells), "cell"), r.count(failed), r.count(missing))
		sentences = slices.Insert(sentences, 1, caution)
	}
	return sentences
}

func (r *Report) conditionsAnswer() []string {
	finished := slices.DeleteFunc(slices.Clone(r.conditions), func(c *condition) bool { return len(c.runs) == 0 || c.detector != nil })
	detectors := r.detectorsAnswer()
	if len(finished) == 0 && len(detectors) > 0 {
		return detectors
	}
	if len(finished) == 0 {
		return []string{"No condition is finished yet, so there is no answer yet."}
	}
	var sentences []string
	control, repeated := controlOf(finished), result.Repeated(r.comparisons())
	switch {
	case len(r.pairs) > 0 && !repeated:
		sentences = append(sentences, r.classifiersAnswer(control, finished)...)
	case control != nil && len(finished) > 1:
		sentences = append(sentences, r.againstControl(control, finished)...)
	default:
		sentences = append(sentences, r.best(finished))
	}
	sentences = append(sentences, r.matched(control, finished)...)
	if repeated {
		sentences = append(sentences, r.claims())
	}
	if text := r.worthAnswer(); text != "" {
		sentences = append(sentences, text)
	}
	sentences = append(append(sentences, detectors...), kindsAnswer(finished)...)
	if unproven := r.noBetterThanGuessing(finished); len(unproven) > 0 {
		sentences = append(sentences, fmt.Sprintf("Not shown to be better than always answering “%s” (%s): %s.",
			r.tests.majority, share(r.tests.baseline), english.WordSeries(quoteAll(unproven), "and")))
	}
	return sentences
}

// controlOf is the condition that others are compared with: the first that
// trains on real images alone.
func controlOf(conditions []*condition) *condition {
	for _, c := range conditions {
		if c.set.PhotosAlone() && c.detector == nil {
			return c
		}
	}
	return nil
}

// noBetterThanGuessing lists the conditions whose interval reaches down to the majority baseline.
func (r *Report) noBetterThanGuessing(all []*condition) []string {
	var names []string
	for _, c := range all {
		if c.accuracy.Interval.Low <= r.tests.baseline {
			names = append(names, c.name)
		}
	}
	return names
}

// isAre is plural with its verb.
func isAre(n int, thing string) string {
	if n == 1 {
		return "1 " + thing + " is"
	}
	return fmt.Sprintf("%d %ss are", n, thing)
}

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

// matched compares training sets with those that have the same real images and no others: what the
// two differ in is the generated images alone. The control is compared with everything already.
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
