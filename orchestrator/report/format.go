package report

import (
	"fmt"
	"strings"

	"kizu/orchestrator/result"
)

// share writes an accuracy or the like.
func share(value float64) string { return fmt.Sprintf("%.3f", value) }

// overSeeds writes a mean, with its standard deviation where there are several seeds.
func overSeeds(s result.Spread) string {
	switch s.N {
	case 0:
		return "–"
	case 1:
		return share(s.Mean)
	}
	return share(s.Mean) + " ± " + share(s.SD)
}

// between writes an interval.
func between(i result.Interval) string {
	if i.Low == i.High {
		return "–"
	}
	return share(i.Low) + "–" + share(i.High)
}

// progress says how many of a row's cells are done: "3", or "2 of 3".
func progress(done, all int) string {
	if done == all {
		return fmt.Sprint(all)
	}
	return fmt.Sprintf("%d of %d", done, all)
}

// stateOfRow is the state that a row without a finished cell shows.
func stateOfRow(cells []*cell) state {
	for _, c := range cells {
		if c.state == failed {
			return failed
		}
	}
	return missing
}

// quote puts a name of the experiment between quotation marks.
func quote(name string) string { return "“" + name + "”" }

// quoteAll puts names in quotation marks.
func quoteAll(names []string) []string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = quote(name)
	}
	return quoted
}

// signed writes a difference of accuracies.
func signed(value float64) string { return minus(fmt.Sprintf("%+.3f", value)) }

// minus writes a number's sign as typography does; what is rounded to 0 has none.
func minus(number string) string {
	if !strings.ContainsAny(number, "123456789") {
		return strings.TrimPrefix(number, "-")
	}
	return strings.Replace(number, "-", "−", 1)
}

// betweenSigned writes the interval of a difference.
func betweenSigned(i result.Interval) string {
	if i.Low == i.High { // nothing varies in the sample, which says nothing of others
		return "–"
	}
	return signed(i.Low) + " to " + signed(i.High)
}

// probability writes a p value.
func probability(p float64) string {
	if p < 0.001 {
		return "< 0.001"
	}
	return share(p)
}
