package report

import (
	"fmt"
	"slices"
)

// answer says in words what the numbers allow to be said, the most important
// sentence first. It calls two conditions different only if their 95 %
// intervals do not overlap, which is stricter than a test at 5 % (Schenker and
// Gentleman, The American Statistician 55, 2001), and, since the intervals know
// nothing of repetitions, if no seed of one scores within the range of the
// other's.
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
	if unproven := r.noBetterThanGuessing(finished); len(unproven) > 0 {
		sentences = append(sentences, fmt.Sprintf("Not shown to be better than always answering “%s” (%s): %s.",
			r.tests.majority, share(r.tests.baseline), sentenceList(quoteAll(unproven))))
	}
	if len(r.seeds()) == 1 {
		sentences = append(sentences, "This is one seed: how much a repetition with other random numbers would differ was not measured.")
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

// againstControl compares every condition with the one of real images alone.
func (r *Report) againstControl(control *condition, all []*condition) []string {
	var above, below, alike []string
	for _, c := range all {
		text := fmt.Sprintf("“%s” (%s, %s)", c.name, overSeeds(c.accuracy), between(c.interval))
		switch {
		case c == control:
		case !c.differsFrom(control):
			alike = append(alike, text)
		case c.accuracy.Mean > control.accuracy.Mean:
			above = append(above, text)
		default:
			below = append(below, text)
		}
	}
	apart, overlap := "the intervals do not overlap", "the intervals overlap"
	if len(r.seeds()) > 1 {
		apart, overlap = "neither the intervals nor single seeds overlap", "the intervals or single seeds overlap"
	}
	sentences := []string{
		verdict(len(above), len(below), len(alike)),
		fmt.Sprintf("Real images alone, “%s”, reach an accuracy of %s (95 %% interval %s, %s, %s).",
			control.name, overSeeds(control.accuracy), between(control.interval),
			plural(r.tests.total, "test image"), plural(len(control.runs), "seed")),
	}
	for _, group := range []struct {
		text  string
		names []string
	}{
		{"Better, " + apart, above},
		{"Worse, " + apart, below},
		{"Not told apart, " + overlap, alike},
	} {
		if len(group.names) > 0 {
			sentences = append(sentences, group.text+": "+sentenceList(group.names)+".")
		}
	}
	return sentences
}

// verdict sums a comparison with the control up.
func verdict(above, below, alike int) string {
	all := above + below + alike
	if above+below == 0 && all > 1 {
		return fmt.Sprintf("None of the %d other training sets can be told apart from real images alone.", all)
	}
	var parts []string
	for _, part := range []struct {
		n         int
		one, many string
	}{
		{above, "does better", "do better"},
		{below, "does worse", "do worse"},
		{alike, "cannot be told apart", "cannot be told apart"},
	} {
		switch part.n {
		case 0:
		case 1:
			parts = append(parts, "1 "+part.one)
		default:
			parts = append(parts, fmt.Sprintf("%d %s", part.n, part.many))
		}
	}
	return fmt.Sprintf("Compared with real images alone, of %s %s.", plural(all, "other training set"), sentenceList(parts))
}

// best names the highest accuracy and what cannot be told apart from it.
func (r *Report) best(all []*condition) string {
	top := all[0]
	for _, c := range all {
		if c.accuracy.Mean > top.accuracy.Mean {
			top = c
		}
	}
	var alike []string
	for _, c := range all {
		if c != top && !c.differsFrom(top) {
			alike = append(alike, c.name)
		}
	}
	text := fmt.Sprintf("The highest accuracy is that of “%s”: %s (95 %% interval %s, %s, %s)",
		top.name, overSeeds(top.accuracy), between(top.interval), plural(r.tests.total, "test image"), plural(len(top.runs), "seed"))
	if len(alike) > 0 {
		text += "; not told apart from it: " + sentenceList(quoteAll(alike))
	}
	return text + "."
}

// noBetterThanGuessing lists the conditions whose interval reaches down to the
// majority baseline.
func (r *Report) noBetterThanGuessing(all []*condition) []string {
	var names []string
	for _, c := range all {
		if c.interval.Low <= r.tests.baseline {
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
