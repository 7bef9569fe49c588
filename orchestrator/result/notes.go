package result

import (
	"fmt"
	"slices"

	"github.com/dustin/go-humanize/english" // plurals; MIT
)

// The notes that qualify figures. Every output shows them as they stand here,
// so that a figure means the same on the page, in a paper and on a terminal.

// OneSeed says what a single training of every set can show.
const OneSeed = "with one seed these are single classifiers: how much others, trained on the same images with other random numbers, would differ was not measured, " +
	"so nothing is claimed about training sets; three seeds or more can show it"

// falseClaims says how often a report claims what is not there. docs/results.md
// has the simulated studies that it is about.
func falseClaims(list []Comparison) string {
	rate := "fewer than 5 %"
	if len(list) == 1 {
		rate = "at most 6 %"
	}
	return "of simulated studies in which no training set was better, " + rate + " claimed a difference, whether all trainings fluctuated alike, one set’s did three or four times as much, " +
		"or 15 % of all trainings failed; more may where one set’s trainings alone fail now and then and no seed shows it"
}

// Repeated reports whether any comparison has trainings with several seeds, and
// so may say something about training sets.
func Repeated(list []Comparison) bool { return slices.ContainsFunc(list, Comparison.Repeated) }

// PairNotes say what the figures of comparisons are.
func PairNotes(list []Comparison) []string {
	const alone = "“alone right” counts the answers that only the first, and only the second, got right"
	holm := "adjusted for " + english.Plural(len(list), "comparison", "") + " by Holm’s method"
	if !Repeated(list) {
		return []string{alone + "; p is McNemar’s exact, " + holm + ", and compares these classifiers; the interval is for other test images", OneSeed}
	}
	notes := []string{
		alone + "; p is the larger of an exact test over images and a t test over seeds and images, " + holm + "; " +
			"a true difference as large as “detectable” is found with a probability of 80 %",
		falseClaims(list),
	}
	if slices.ContainsFunc(list, func(c Comparison) bool { return !c.Repeated() }) {
		notes = append(notes, "where two training sets have one seed in common, p is McNemar’s exact, compares these two classifiers and claims nothing about the sets")
	}
	if slices.ContainsFunc(list, Comparison.Improvable) {
		notes = append(notes, fmt.Sprintf("P(first better) is the share of %d resamples of these runs and test images in which a run of the first finds more", resamples))
	}
	return notes
}
