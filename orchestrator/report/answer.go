package report

import (
	"fmt"
	"slices"
)

// answer says in words what the numbers allow to be said, the most important
// sentence first. It calls two conditions different only if the p value of
// their comparison, adjusted over all comparisons, is below 5 %: the
// probability that a report claims any difference that is not there stays below
// that.
func (r *Report) answer() []string {
	var sentences []string
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
	var finished []*condition
	for _, c := range r.conditions {
		if len(c.runs) > 0 {
			finished = append(finished, c)
		}
	}
	if len(finished) == 0 {
		return []string{"No condition is finished yet, so there is no answer yet."}
	}
	var sentences []string
	control := controlOf(finished)
	if control != nil && len(finished) > 1 {
		sentences = append(sentences, r.againstControl(control, finished)...)
	} else {
		sentences = append(sentences, r.best(finished))
	}
	if len(r.pairs) > 0 {
		sentences = append(sentences, r.claims())
	}
	sentences = append(sentences, kindsAnswer(finished)...)
	if unproven := r.noBetterThanGuessing(finished); len(unproven) > 0 {
		sentences = append(sentences, fmt.Sprintf("Not shown to be better than always answering “%s” (%s): %s.",
			r.tests.majority, share(r.tests.baseline), sentenceList(quoteAll(unproven))))
	}
	if len(r.seeds()) == 1 {
		sentences = append(sentences, "This is one seed: what is said holds for these classifiers; how much others, trained with other random numbers, would differ was not measured.")
	}
	return sentences
}

// controlOf is the condition that others are compared with: the first that
// trains on real images alone.
func controlOf(conditions []*condition) *condition {
	for _, c := range conditions {
		if !c.set.UsesGenerated() {
			return c
		}
	}
	return nil
}

// noBetterThanGuessing lists the conditions whose interval reaches down to the
// majority baseline.
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
