package report

import (
	"fmt"

	"github.com/dustin/go-humanize/english"
)

// againstControl compares every condition with the one of real images alone,
// and then the others with each other.
func (r *Report) againstControl(control *condition, all []*condition) []string {
	var above, below, alike, once, apart []string
	for _, c := range all {
		p, ok := r.against(c, control)
		if c == control || !ok {
			continue
		}
		text := fmt.Sprintf("“%s” (%s; %s)", c.name, overSeeds(c.accuracy.Spread), p.words())
		switch {
		case !p.Repeated():
			once = append(once, fmt.Sprintf("“%s” (%s)", c.name, overSeeds(c.accuracy.Spread)))
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
		if p.a == control || p.b == control || !p.Repeated() {
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
		inSum(control.name, len(above), len(below), len(alike), len(once)),
		fmt.Sprintf("“%s” reaches an accuracy of %s (95 %% interval %s, %s, %s).",
			control.name, overSeeds(control.accuracy.Spread), between(control.accuracy.Interval),
			english.Plural(r.tests.total, "test image", ""), english.Plural(len(control.runs), "seed", "")),
	}
	for _, group := range []struct {
		text  string
		names []string
	}{{"Better", above}, {"Worse", below}, {"Not told apart", alike}, {"Nothing is claimed where one seed is in common", once}} {
		if len(group.names) > 0 {
			sentences = append(sentences, group.text+": "+english.WordSeries(group.names, "and")+".")
		}
	}
	switch {
	case len(apart) > 0:
		text := "Among the others, " + english.WordSeries(apart, "and")
		if rest := others - len(apart); rest > 0 {
			text += fmt.Sprintf("; %s cannot be told apart with %s", english.Plural(rest, "further pair", ""), english.Plural(r.tests.total, "test image", ""))
		}
		sentences = append(sentences, text+".")
	case others > 0:
		sentences = append(sentences, fmt.Sprintf("Among the others, no two can be told apart with %s.", english.Plural(r.tests.total, "test image", "")))
	}
	return sentences
}

// claims says what the p values are, and what these test images cannot show.
func (r *Report) claims() string {
	seen := "a true difference of " + r.detectable() + " would have been seen with a probability of 80 %, and a smaller one may be there unseen"
	if r.detectable() == share(1) {
		seen = "no true difference, however large, would have been seen with a probability of 80 %"
	}
	return fmt.Sprintf("Every p is adjusted for %s on the same %s; %s.", english.Plural(len(r.pairs), "comparison", ""), english.Plural(r.tests.total, "test image", ""), seen)
}

// inSum sums a comparison with the control up.
func inSum(control string, above, below, alike, once int) string {
	all := above + below + alike + once
	if all == 0 {
		return fmt.Sprintf("No other training set has a seed in common with real images alone, “%s”, yet.", control)
	}
	if alike == all && all > 1 {
		return fmt.Sprintf("None of the %d other training sets can be told apart from real images alone, “%s”.", all, control)
	}
	var parts []string
	for _, part := range []struct {
		n         int
		one, many string
	}{
		{above, "does better", "do better"},
		{below, "does worse", "do worse"},
		{alike, "cannot be told apart", "cannot be told apart"},
		{once, "has one seed in common, which shows nothing", "have one seed in common, which shows nothing"},
	} {
		switch part.n {
		case 0:
		case 1:
			parts = append(parts, "1 "+part.one)
		default:
			parts = append(parts, fmt.Sprintf("%d %s", part.n, part.many))
		}
	}
	return fmt.Sprintf("Compared with real images alone, “%s”, of %s %s.", control, english.Plural(all, "other training set", ""), english.WordSeries(parts, "and"))
}

// topOf is the condition with the highest accuracy, the first of several.
func topOf(all []*condition) *condition {
	top := all[0]
	for _, c := range all {
		if c.accuracy.Mean > top.accuracy.Mean {
			top = c
		}
	}
	return top
}

// best names the highest accuracy and what cannot be told apart from it.
func (r *Report) best(all []*condition) string {
	top := topOf(all)
	var alike, worse []string
	for _, c := range all {
		p, ok := r.against(top, c)
		switch {
		case !ok || !p.Repeated():
		case p.Significant():
			worse = append(worse, fmt.Sprintf("“%s” (%s)", c.name, p.words()))
		default:
			alike = append(alike, c.name)
		}
	}
	text := fmt.Sprintf("The highest accuracy is that of “%s”: %s (95 %% interval %s, %s, %s)",
		top.name, overSeeds(top.accuracy.Spread), between(top.accuracy.Interval), english.Plural(r.tests.total, "test image", ""), english.Plural(len(top.runs), "seed", ""))
	if len(worse) > 0 {
		text += "; it beats " + english.WordSeries(worse, "and")
	}
	if len(alike) > 0 {
		text += "; not told apart from it: " + english.WordSeries(quoteAll(alike), "and")
	}
	return text + "."
}
