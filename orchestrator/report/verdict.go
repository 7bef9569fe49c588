package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/result"
)

// verdict is the study's answer for whom it decides about a line: at most three lines.
type verdict struct {
	result.Verdict
	good     string
	rival    *condition
	others   []*condition // of Compared, in its order
	settling result.Settling
	redrawn  bool // every seed drew its own training photos
}

// decide compares inspections with generated images with the rival's; nil where there is
// nothing to compare yet.
func (r *Report) decide() (*verdict, error) {
	exp := r.plan.Experiment
	if len(r.conditions) == 0 {
		return nil, nil
	}
	name, _ := exp.RivalName()
	v := &verdict{good: exp.Dataset.Good, redrawn: exp.Redraws()}
	var candidates []*condition
	for _, c := range r.conditions {
		switch {
		case c.name == name:
			v.rival = c
		case c.set.UsesGenerated():
			candidates = append(candidates, c)
		}
	}
	if v.rival == nil || v.rival.inspected == nil {
		return nil, nil
	}
	runs := make([]*result.Runs, len(candidates))
	for i, c := range candidates {
		runs[i] = c.inspected
	}
	decided, ok, err := result.Decide(v.rival.goodClass, v.rival.inspected, runs)
	if err != nil || !ok {
		return nil, err
	}
	v.Verdict = decided
	for _, c := range decided.Compared {
		v.others = append(v.others, candidates[c.A])
	}
	if v.Decision == result.Undecided {
		v.settling = decided.Settle(v.rival.inspected)
	}
	return v, nil
}

// lines are what to do, what it comes to, and what would settle it or whom it speaks of.
func (v *verdict) lines() []string {
	if v == nil {
		return nil
	}
	return []string{v.decision(), v.counts(), v.outlook()}
}

func (v *verdict) decision() string {
	rival, all := quote(v.rival.name), len(v.Compared)
	best := v.Compared[v.Best]
	switch v.Decision {
	case result.UseThem:
		text := fmt.Sprintf("Use generated images: %s makes fewer mistakes than %s (p %s", quote(v.others[v.Best].name), rival, probability(best.Adjusted))
		if all > 1 {
			text += fmt.Sprintf(", adjusted for %s", english.Plural(all, "comparison", ""))
		}
		return text + ")."
	case result.Avoid:
		return fmt.Sprintf("Do not use generated images: %s.", v.shown())
	}
	if !best.Repeated() {
		return "Cannot tell yet whether to use generated images: one training of each set tells two classifiers apart, not two ways to train."
	}
	return fmt.Sprintf("Cannot tell yet whether to use generated images: %s.", v.shown())
}

// shown says of how many training sets with generated images what is shown.
func (v *verdict) shown() string {
	var worse, idle, traded, open int
	for i := range v.Compared {
		switch {
		case v.Better(i):
			traded++
		case v.Worse(i):
			worse++
		case v.Idle(i):
			idle++
		default:
			open++
		}
	}
	rival := quote(v.rival.name)
	var parts []string
	add := func(n int, text string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, text))
		}
	}
	one := func(n int, singular, plural string) string { return english.PluralWord(n, singular, plural) }
	if open == len(v.Compared) {
		if open == 1 {
			return fmt.Sprintf("%s is not shown to make fewer mistakes than %s, nor more", quote(v.others[0].name), rival)
		}
		return fmt.Sprintf("none of the %d training sets with them is shown to make fewer mistakes than %s, nor more", open, rival)
	}
	add(traded, one(traded, "makes", "make")+" fewer mistakes but finds fewer of "+v.harmed())
	add(worse, one(worse, "makes", "make")+" more mistakes than "+rival)
	add(idle, fmt.Sprintf("%s %.0f or more mistakes in 100 less than %s", one(idle, "does not make", "do not make"), 100*result.Worthwhile, rival))
	add(open, one(open, "is", "are")+" not shown to make fewer mistakes than "+rival+", nor more")
	return fmt.Sprintf("of %s with them, %s", english.Plural(len(v.Compared), "training set", ""), english.WordSeries(parts, "and"))
}

// harmed names the classes of which a condition with fewer mistakes finds fewer.
func (v *verdict) harmed() string {
	var names []string
	for i, classes := range v.Harmed {
		for _, class := range classes {
			if name := quote(v.rival.inspected.Classes[class]); v.Better(i) && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return english.WordSeries(names, "and")
}

// counts says what the rival's inspection and that of the best training set come to.
func (v *verdict) counts() string {
	c := v.others[v.Best]
	before, after := v.rival.inspection, c.inspection
	of := "by one training of each"
	if n := len(v.Compared[v.Best].Seeds); n > 1 {
		of = fmt.Sprintf("means of %d trainings on the same photos", n)
		if v.redrawn {
			of = fmt.Sprintf("means of %d trainings, each on photos of its own", n)
		}
	}
	chosen := ""
	if len(v.Compared) > 1 {
		chosen = fmt.Sprintf(", the best of %d", len(v.Compared))
	}
	return fmt.Sprintf("From %s to %s%s: escapes %s of %d defective photos, false alarms %s of %d good ones (%s; %s).",
		quote(v.rival.name), quote(c.name), chosen,
		fromTo(before.Escapes, after.Escapes, before.Defective), before.Defective,
		fromTo(before.FalseAlarms, after.FalseAlarms, before.Good), before.Good, of, v.sortedOut())
}

// sortedOut says what makes an inspection sort a photo out.
func (v *verdict) sortedOut() string {
	best := v.others[v.Best]
	if v.rival.byThreshold() != best.byThreshold() {
		by, other := v.rival, best
		if best.byThreshold() {
			by, other = best, v.rival
		}
		return fmt.Sprintf("sorted out is, by %s, what reaches a score that was chosen on photos of training, and by %s what is not answered %s", quote(by.name), quote(other.name), quote(v.good))
	}
	if v.rival.byThreshold() {
		return "sorted out by thresholds that were chosen on photos of training"
	}
	return "sorted out is what is not answered " + quote(v.good)
}

func fromTo(before, after result.Estimate, of int) string {
	return numberOf(before, of) + " → " + numberOf(after, of)
}

// numberOf is a share of so many images as their mean number over runs.
func numberOf(e result.Estimate, of int) string {
	return strconv.FormatFloat(math.Round(10*e.Mean*float64(of))/10, 'f', -1, 64)
}

// outlook says what would decide, or for what a decision holds.
func (v *verdict) outlook() string {
	if v.Decision != result.Undecided {
		return v.scope()
	}
	s := v.settling
	if s.Difference == 0 {
		return "Three seeds or more, seeds: [0, 1, 2], can tell."
	}
	what := fmt.Sprintf("A gain of the %s that it seems to be", share(s.Difference))
	if s.Difference <= result.Worthwhile {
		what = fmt.Sprintf("A gain of %s", share(s.Difference))
	}
	var ways []string
	if s.Seeds > 0 {
		ways = append(ways, fmt.Sprintf("about %d seeds on these test photos", s.Seeds))
	}
	if s.Images > 0 {
		ways = append(ways, fmt.Sprintf("about %d test photos with these %d seeds", s.Images, len(v.Compared[v.Best].Seeds)))
	}
	if len(ways) == 0 {
		return what + " takes more seeds and more test photos together to be shown; neither alone does it."
	}
	return fmt.Sprintf("%s would be shown, with a probability of 80 %%, by %s.", what, english.WordSeries(ways, "or"))
}

// measure says what the verdict goes by, beside accuracy, which all other comparisons are of.
func (v *verdict) measure() string {
	best := v.Compared[v.Best]
	text := fmt.Sprintf("The verdict above compares mistakes, defective against good, with %s alone", quote(v.rival.name))
	if best.Repeated() {
		text += fmt.Sprintf(": its p value of %s is %s, adjusted for %s", quote(v.others[v.Best].name), probability(best.Adjusted), english.Plural(len(v.Compared), "comparison", ""))
	}
	return text + ". What follows compares accuracy over all classes, and every two training sets."
}

// scope says whom a decision holds for: so many training photos like these, or these alone.
func (v *verdict) scope() string {
	photos := "training photos"
	if n := v.rival.set.Defects.Photos(); n > 0 {
		photos = fmt.Sprintf("%d training photos of each defect", n)
	}
	if v.redrawn {
		return fmt.Sprintf("It holds for other trainings on %s like these, and other test photos of such parts: every seed drew its own.", photos)
	}
	return fmt.Sprintf("It holds for other trainings on these %s and for other test photos, not for other training photos: every seed trains on the same ones.", photos)
}

// verdictResult is the verdict in results.json.
type verdictResult struct {
	Decision result.Decision  `json:"decision"`
	Lines    []string         `json:"lines"`
	Rival    string           `json:"rival"`
	About    string           `json:"about"` // the training set with the fewest mistakes of those it could be about
	Compared []comparedResult `json:"compared"`
	Redrawn  bool             `json:"training_photos_redrawn"` // by every seed: it speaks of so many like them, else of these
	Settling *result.Settling `json:"would_show,omitempty"`    // images or seeds of 0: none within reason
}

// comparedResult is a training set with generated images beside the rival.
type comparedResult struct {
	Condition  string          `json:"condition"`
	Seeds      []int64         `json:"seeds"`
	Difference result.Estimate `json:"fewer_mistakes"` // share of the test photos
	P          float64         `json:"p"`
	Adjusted   float64         `json:"p_holm"`
	FindsFewer []string        `json:"finds_fewer_of,omitempty"` // defects
}

func (v *verdict) result() *verdictResult {
	if v == nil {
		return nil
	}
	all := &verdictResult{Decision: v.Decision, Lines: v.lines(), Rival: v.rival.name, About: v.others[v.Best].name, Redrawn: v.redrawn}
	for i, c := range v.Compared {
		entry := comparedResult{Condition: v.others[i].name, Seeds: c.Seeds, Difference: c.Difference, P: c.P, Adjusted: c.Adjusted}
		for _, class := range v.Harmed[i] {
			entry.FindsFewer = append(entry.FindsFewer, v.rival.inspected.Classes[class])
		}
		all.Compared = append(all.Compared, entry)
	}
	if v.settling.Difference > 0 {
		all.Settling = &v.settling
	}
	return all
}

// inspectionMetrics are those of one run.
func inspectionMetrics(p *result.Predictions, good string) []metric {
	at := slices.Index(p.Classes, good)
	if at < 0 {
		return nil
	}
	m := result.Tally(result.Inspected(p, at))
	alarms := m.Of(at).Count - m.Of(at).Correct
	escapes := -alarms
	for class := range m.Classes {
		escapes += m.Of(class).Count - m.Of(class).Correct
	}
	list := []metric{{"n_escapes", float64(escapes)}, {"n_false_alarms", float64(alarms)}}
	if p.Threshold != nil {
		list = append(list, metric{"threshold", *p.Threshold})
	}
	return list
}
