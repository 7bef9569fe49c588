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

// OverSeeds says what ± and the interval beside an accuracy are, where seeds draw their
// training photos anew or have the same ones.
func OverSeeds(redrawn bool) string {
	of := ", with these training photos"
	if redrawn {
		of = " and, since every seed drew its own, other training photos"
	}
	return "± is the standard deviation over seeds; the interval is of the mean accuracy, for other seeds and other test images" + of
}

// PartsMeaning says what the photos of a part are to intervals and tests.
const PartsMeaning = "photos of one part are no independent trials: intervals are for other parts, and tests flip or count whole parts"

// KindsNotes say what the probes of a classifier's features tell.
var KindsNotes = []string{
	"0.5 is chance; no image was seen in training, half of every probe’s are of either kind, and as many of every class",
	"“autoencoded” are other test photos that went through the base model’s autoencoder and back, as every generated image comes out of it: " +
		"telling these from photos is seeing the autoencoder, and telling generated images from these, with its interval (Wilson’s, of one seed’s images), is what it does not explain; " +
		"“before” are the features of the network that the training started from",
}

// UncontrolledNote is about images that keep the pixels of photos.
const UncontrolledNote = "generated images that keep their photos’ own pixels went through no autoencoder, or in part: there is no such control for them, and the interval is of “generated : photos”"

// DetectionNotes say what the figures of a test set of so many images are. Inspections go by
// a threshold, or by whether the answer is the good class, of a name.
func DetectionNotes(defective, good int, name string, byThreshold bool) []string {
	where := "where another class than “" + name + "” is answered"
	if byThreshold {
		where = "from a score on that was chosen on photos of training"
	}
	return []string{
		fmt.Sprintf("an image is sorted out %s: escapes are defective images, of %d, that are not, and false alarms good ones, of %d, that are; "+
			"in brackets 95 %% intervals, for other test images and, with several seeds, other trainings", where, defective, good),
		fmt.Sprintf("by score, 1 less the probability of the good class, and thresholds that are read off the test images, which say what the scores could do and not what a threshold that is set before will do; "+
			"“escapes at %.0f %%” lie below one that sorts out at most %.0f %% of the good ones; “false alarms at %.0f %%” above one that finds %.0f %% of the defective; “to find all” above one that finds all",
			100*UsualFalseAlarms, 100*UsualFalseAlarms, 100*UsualRecall, 100*UsualRecall),
	}
}

// WorthNotes say how training sets are placed among those of photos alone.
func WorthNotes(repeated bool) []string {
	notes := []string{
		"training sets of photos alone make a curve that never falls (isotonic regression), with straight lines between; a set with generated images is worth as many photos of each defect as the curve has the same share of test images without a mistake at; " +
			"whatever else the set has, such as generated images of good parts, counts too; “at least” and “at most” are beyond the ends of the curve, where more counts would tell",
	}
	if repeated {
		return append(notes, fmt.Sprintf("in brackets 95 %% intervals of %d resamples, for other seeds and other test images", resamples))
	}
	return append(notes, OneSeed)
}

// DetectorNote says what a detector's figures are beside those of classifiers.
const DetectorNote = "a detector’s score is how far a photo lies from photos of good parts, no probability: it has no Brier score and no calibration error; " +
	"it sorts out from a score on that was chosen on its photos of good parts, each held out of a fold"

// RankedNote says how areas under the ROC curve are compared.
func RankedNote(list []Comparison) string {
	text := "differences of areas under the ROC curve; p by DeLong’s variance over images, adjusted for " + english.Plural(len(list), "comparison", "") + " by Holm’s method"
	if Repeated(list) {
		return text + ", and that of seeds in a t test"
	}
	return text + "; " + OneSeed
}

// What distances, copies and KID of generated images say, and what not.
const (
	DistanceMeaning  = "distances are Euclidean, means over images of that to the nearest photo; “diversity” is the mean distance of two images"
	UntrainedMeaning = "without weights the network has learnt nothing, so its distances say little"
	NoCopies         = "images made without a LoRA or a whole photo of the defect cannot be copies: what is taken for one there is chance"
	KIDMeaning       = "KID is the kernel distance to photos of the defect, 0 for images like them"
)

// KIDOfFew says why a small number of images has no KID.
func KIDOfFew() string {
	return fmt.Sprintf("KID of fewer than %d generated images orders nothing and is not shown; patterns.measure, times the seeds, says how many there are", KIDFewest)
}

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
		notes := []string{alone, "p is McNemar’s exact, " + holm + ", and compares these classifiers; the interval is for other test images", OneSeed}
		return append(notes, surerIntervals(list)...)
	}
	notes := []string{
		alone, "p is the larger of an exact test over images and a t test over seeds and images, " + holm + "; " +
			"a true difference as large as “detectable” is found with a probability of 80 %",
		falseClaims(list),
	}
	if slices.ContainsFunc(list, func(c Comparison) bool { return !c.Repeated() }) {
		notes = append(notes, "where two training sets have one seed in common, p is McNemar’s exact, compares these two classifiers and claims nothing about the sets")
	}
	if slices.ContainsFunc(list, Comparison.Improvable) {
		notes = append(notes, fmt.Sprintf("“P(first better)” is the share of %d resamples of these runs and test images in which a run of the first finds more", resamples))
	}
	return append(notes, surerIntervals(list)...)
}

// surerIntervals explains intervals without 0 beside p values that claim nothing; none
// where there are none.
func surerIntervals(list []Comparison) []string {
	surer := func(c Comparison) bool {
		i := c.Difference.Interval
		return c.P >= 0.05 && i.Low < i.High && (i.Low >= 0 || i.High <= 0)
	}
	if !slices.ContainsFunc(list, surer) {
		return nil
	}
	return []string{"where an interval ends at 0 or before it and p is 0.05 or more, too few answers differ for the exact test to give a smaller p: go by p"}
}

// JudgedNotes explain what a referee says of patterns, compared with one.
func JudgedNotes(reference string) []string {
	return []string{
		fmt.Sprintf("p compares the share with that of “%s”, paired by source photo and noise, adjusted by Holm’s method; “noun alone” is what the same LoRA makes without the identifier, which regularization is to keep as it was; “noun moved” is the mean distance of these images’ features from those that the base makes without a LoRA", reference),
		fmt.Sprintf("“precision” is the share of images that lie where photos of the defect do, “recall” that of photos that lie where the images do, by three nearest neighbours (Kynkäänniemi et al., 2019); not shown of fewer than %d images", KIDFewest),
	}
}
