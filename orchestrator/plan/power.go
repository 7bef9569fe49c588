package plan

import (
	"fmt"
	"math"
	"strings"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/experiment"
	"kizu/orchestrator/result"
)

// Power is what the classification study can show, as far as that can be said before it runs.
type Power struct {
	TestPhotos  int            `json:"test_photos"`
	TestParts   int            `json:"test_parts"` // that the photos show: as many where each shows its own
	Seeds       int            `json:"seeds"`
	Comparisons int            `json:"comparisons"`
	Detectable  *float64       `json:"detectable_difference"` // of accuracy, with a probability of 80 %; null with one seed, or where there is none
	Reported    *Reported      `json:"reported,omitempty"`
	Ways        []Way          `json:"ways"` // to show smaller differences
	Assumed     result.Assumed `json:"assumed"`

	design result.Design
}

// Reported is the largest difference in accuracy to the first training set that an
// experiment's reference has.
type Reported struct {
	By         string  `json:"by"`
	Set        string  `json:"set"`
	First      string  `json:"first"`
	Difference float64 `json:"difference"` // of set minus first
}

// Way is a number of seeds and of test photos that would show a difference.
type Way struct {
	Difference float64 `json:"difference"`
	Seeds      int     `json:"seeds"`
	Photos     int     `json:"test_photos"`
}

// ofInterest is a difference that one would like to know of in any study.
const ofInterest = 0.05

// fewSeeds are the fewest that are worth having.
const fewSeeds = 3

// powerOf foresees what a plan's classification study can show; nil if it compares nothing.
func powerOf(p *Plan) *Power {
	d, alike := designOf(p)
	if d.Conditions < 2 || d.Images == 0 {
		return nil
	}
	power := &Power{
		TestPhotos: d.Images, TestParts: d.Parts, Seeds: d.Seeds, Comparisons: d.Comparisons(), design: d,
		Reported: reported(p.Experiment), Assumed: result.Assume(alike), Ways: []Way{},
	}
	if accuracy, ok := reportedAccuracy(p.Experiment); ok {
		power.Assumed.Accuracy = accuracy
	}
	least := d.Detectable(power.Assumed)
	if least < 1 {
		power.Detectable = &least
	}
	if more := d; d.Seeds < fewSeeds {
		more.Seeds = fewSeeds
		if difference := more.Detectable(power.Assumed); difference < 1 {
			power.Ways = append(power.Ways, Way{difference, fewSeeds, d.Images})
		}
	}
	wanted := []float64{ofInterest}
	if r := power.Reported; r != nil && math.Abs(r.Difference) != ofInterest {
		wanted = []float64{math.Abs(r.Difference), ofInterest}
	}
	for _, difference := range wanted {
		if difference < least {
			power.ways(difference)
		}
	}
	return power
}

// designOf is the design of a plan's classification study. alike is the number of test
// photos that show the same part as one, itself included, on average.
func designOf(p *Plan) (d result.Design, alike float64) {
	d = result.Design{Seeds: len(p.Experiment.Seeds), Conditions: p.Experiment.Compared()}
	parts := map[string]int{}
	for _, class := range p.Experiment.Dataset.Classes() {
		photos := p.Division.Test[class]
		for _, photo := range photos {
			parts[photo.PartOf()]++
		}
		if d.Images += len(photos); len(photos) > 0 {
			d.Classes++
		}
	}
	squares := 0
	for _, n := range parts {
		squares += n * n
	}
	d.Parts = len(parts)
	return d, float64(squares) / float64(d.Images)
}

// reported finds what the experiment's reference says of its training sets; nil if that is
// no difference.
func reported(exp *experiment.Experiment) *Reported {
	if exp.Reference == nil {
		return nil
	}
	var most *Reported
	first := ""
	for _, set := range exp.Conditions.TrainingSets {
		accuracy, ok := exp.Reference.Accuracy[set.Name]
		switch {
		case !ok:
		case first == "":
			first = set.Name
		default:
			difference := math.Round(1e4*(accuracy-exp.Reference.Accuracy[first])) / 1e4
			if difference != 0 && (most == nil || math.Abs(difference) > math.Abs(most.Difference)) {
				most = &Reported{exp.Reference.Name, set.Name, first, difference}
			}
		}
	}
	return most
}

// reportedAccuracy is the mean of those that the experiment's reference says of its training sets.
func reportedAccuracy(exp *experiment.Experiment) (mean float64, ok bool) {
	if exp.Reference == nil || len(exp.Reference.Accuracy) == 0 {
		return 0, false
	}
	for _, accuracy := range exp.Reference.Accuracy {
		mean += accuracy / float64(len(exp.Reference.Accuracy))
	}
	return mean, true
}

// ways adds how a difference could be shown: with more seeds, with more test photos, or,
// where one of these alone will not do, with both.
func (p *Power) ways(difference float64) {
	seeds, photos := p.design.SeedsFor(difference, p.Assumed), p.design.ImagesFor(difference, p.Assumed)
	if seeds > 0 {
		p.Ways = append(p.Ways, Way{difference, seeds, p.TestPhotos})
	}
	if photos > 0 {
		p.Ways = append(p.Ways, Way{difference, p.Seeds, photos})
	}
	if seeds > 0 && photos > 0 {
		return
	}
	// Of several combinations the one that multiplies what there is the least.
	best, least := Way{}, math.Inf(1)
	for _, seeds := range []int{5, 10, 20, 40} {
		design := p.design
		design.Seeds = seeds
		n := design.ImagesFor(difference, p.Assumed)
		times := max(float64(seeds)/float64(p.Seeds), float64(n)/float64(p.TestPhotos))
		if n > p.TestPhotos && seeds > p.Seeds && times < least {
			best, least = Way{difference, seeds, n}, times
		}
	}
	if best.Seeds > 0 {
		p.Ways = append(p.Ways, best)
	}
}

// Answers says it in sentences.
func (p *Power) Answers() []string {
	photos := english.Plural(p.TestPhotos, "test photo", "test photos")
	if p.TestParts < p.TestPhotos {
		photos += fmt.Sprintf(" of %d parts", p.TestParts)
	}
	first := fmt.Sprintf("%s, %s, %s: ", photos, english.Plural(p.Seeds, "seed", ""), english.Plural(p.Comparisons, "comparison", ""))
	switch {
	case p.Seeds < 2:
		first += "nothing can be said about training sets, only about single classifiers"
	case p.Detectable == nil:
		first += "no true difference in accuracy is shown with a probability of 80 %"
	default:
		first += fmt.Sprintf("a true difference of %.2f in accuracy is shown with a probability of 80 %%", *p.Detectable)
	}
	if r := p.Reported; r != nil {
		first += fmt.Sprintf(" (%s reports %s)", r.By, strings.Replace(fmt.Sprintf("%+.2f", r.Difference), "-", "−", 1))
	}
	answers := []string{first}
	var goals []string
	for i := 0; i < len(p.Ways); {
		difference, ways := p.Ways[i].Difference, []string(nil)
		for ; i < len(p.Ways) && p.Ways[i].Difference == difference; i++ {
			ways = append(ways, p.wayText(p.Ways[i]))
		}
		goals = append(goals, fmt.Sprintf("%.2f takes about %s", difference, strings.Join(ways, ", or ")))
	}
	if len(goals) > 0 {
		answers = append(answers, "to show "+strings.Join(goals, "; "))
	}
	return answers
}

// wayText says what a way has more than the study.
func (p *Power) wayText(w Way) string {
	seeds, photos := fmt.Sprintf("%d seeds", w.Seeds), fmt.Sprintf("%d test photos", w.Photos)
	switch {
	case w.Photos == p.TestPhotos:
		return seeds
	case w.Seeds == p.Seeds:
		return photos
	}
	return seeds + " and " + photos
}
