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
	if text := shortcut(finished); text != "" {
		sentences = append(sentences, text)
	}
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

// againstControl compares every condition with the one of real images alone,
// and then the others with each other.
func (r *Report) againstControl(control *condition, all []*condition) []string {
	var above, below, alike, apart []string
	for _, c := range all {
		p, ok := r.against(c, control)
		if c == control || !ok {
			continue
		}
		text := fmt.Sprintf("“%s” (%s; %s)", c.name, overSeeds(c.accuracy.Spread), p.words())
		switch {
		case !p.Significant():
			alike = append(alike, text)
		case p.Difference.Mean > 0:
			above = append(above, text)
		default:
			below = append(below, text)
		}
	}
	others := 0
	for _, p := range r.pairs {
		if p.a == control || p.b == control {
			continue
		}
		others++
		if p.Significant() {
			if p.Difference.Mean < 0 {
				p = p.swapped()
			}
			apart = append(apart, fmt.Sprintf("“%s” beats “%s” (%s)", p.a.name, p.b.name, p.words()))
		}
	}
	sentences := []string{
		verdict(len(above), len(below), len(alike)),
		fmt.Sprintf("Real images alone, “%s”, reach an accuracy of %s (95 %% interval %s, %s, %s).",
			control.name, overSeeds(control.accuracy.Spread), between(control.accuracy.Interval),
			plural(r.tests.total, "test image"), plural(len(control.runs), "seed")),
	}
	for _, group := range []struct {
		text  string
		names []string
	}{{"Better", above}, {"Worse", below}, {"Not told apart", alike}} {
		if len(group.names) > 0 {
			sentences = append(sentences, group.text+": "+sentenceList(group.names)+".")
		}
	}
	switch {
	case len(apart) > 0:
		text := "Among the others, " + sentenceList(apart)
		if rest := others - len(apart); rest > 0 {
			text += fmt.Sprintf("; %s cannot be told apart with %s", plural(rest, "further pair"), plural(r.tests.total, "test image"))
		}
		sentences = append(sentences, text+".")
	case others > 0:
		sentences = append(sentences, fmt.Sprintf("Among the others, no two can be told apart with %s.", plural(r.tests.total, "test image")))
	}
	return sentences
}

// claims says what the p values are, and what these test images cannot show.
func (r *Report) claims() string {
	return fmt.Sprintf("Every p is adjusted for %s on the same %s, so that the probability of any false claim among them is below 5 %%; "+
		"a true difference of %s would have been seen with a probability of 80 %%, and a smaller one may be there unseen.",
		plural(len(r.pairs), "comparison"), plural(r.tests.total, "test image"), r.detectable())
}

// verdict sums a comparison with the control up.
func verdict(above, below, alike int) string {
	all := above + below + alike
	if all == 0 {
		return "No other training set has a seed in common with real images alone yet."
	}
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
	var alike, worse []string
	for _, c := range all {
		p, ok := r.against(top, c)
		switch {
		case !ok:
		case p.Significant():
			worse = append(worse, fmt.Sprintf("“%s” (%s)", c.name, p.words()))
		default:
			alike = append(alike, c.name)
		}
	}
	text := fmt.Sprintf("The highest accuracy is that of “%s”: %s (95 %% interval %s, %s, %s)",
		top.name, overSeeds(top.accuracy.Spread), between(top.accuracy.Interval), plural(r.tests.total, "test image"), plural(len(top.runs), "seed"))
	if len(worse) > 0 {
		text += "; it beats " + sentenceList(worse)
	}
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

// shortcut names the conditions that were trained on real and generated images
// and how well their features tell the two apart: the article's explanation of
// why a training set with real images of one class alone does badly.
func shortcut(all []*condition) string {
	var list []string
	images := 0
	for _, c := range all {
		if c.onBoth() && c.probe.N > 0 {
			list = append(list, fmt.Sprintf("%s for “%s”", overSeeds(c.probe), c.name))
			images = c.probed
		}
	}
	if len(list) == 0 {
		return ""
	}
	return fmt.Sprintf("A linear probe of the features tells generated images from photos, none seen in training, with an accuracy of %s (%s, 0.500 by chance).",
		sentenceList(list), plural(images, "image"))
}
