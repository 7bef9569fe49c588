package plan

import (
	"fmt"
	"strings"
	"testing"

	"kizu/orchestrator/dataset"
)

// studyOf is a classification study with so many photos of each defect, and twice as many
// good ones, to test on; each part has so many photos.
func studyOf(t *testing.T, test, ofPart int, seeds, more string) *Power {
	t.Helper()
	exp := parse(t, fmt.Sprintf(`name: study
dataset: {format: folders, root: data, noun: board, defects: [crack, cut]}
base: tiny
seeds: %s
conditions:
  test: {good: %d, defects: %d}
  lora: {good_images: 3, defect_images: 2}
  training_sets:
    real: {good: {real: 3}, defects: {real: 2}}
    both: {good: {real: 3, generated: 2}, defects: {real: 2, generated: 4}}
classifier: {weights: none, epochs: 2}
%s`, seeds, 2*test, test, more))
	set := photos(map[string]int{"good": 2*test + 12, "crack": test + 12, "cut": test + 12})
	if ofPart > 1 {
		for i, img := range set.Images {
			set.Images[i].Part = fmt.Sprint(img.Class, i/ofPart)
		}
	}
	return powerOf(build(t, exp, inputs(t, exp, set)))
}

func TestAnswers(t *testing.T) {
	const reports = "reference: {name: paper, source: a paper, accuracy: {real: 0.7, both: %s}}\n"
	for name, test := range map[string]struct {
		power *Power
		want  []string // of what each answer has
		not   string   // what none has
	}{
		"one seed": {studyOf(t, 60, 1, "[0]", ""), []string{"240 test photos, 1 seed, 1 comparison: nothing can be said about training sets", "takes about 3 seeds; 0.05 takes about"}, "reports"},
		"three":    {studyOf(t, 60, 1, "[0, 1, 2]", ""), []string{"3 seeds, 1 comparison: a true difference of 0.1", "to show 0.05 takes about"}, "reports"},
		"reported": {
			studyOf(t, 10, 1, "[0, 1, 2]", fmt.Sprintf(reports, "0.81")),
			[]string{"is shown with a probability of 80 % (paper reports +0.11)", "to show 0.11 takes about"}, "parts",
		},
		"worse":  {studyOf(t, 10, 1, "[0, 1, 2]", fmt.Sprintf(reports, "0.2")), []string{"(paper reports −0.50)", "to show 0.05 takes"}, "0.50 takes"},
		"parts":  {studyOf(t, 60, 4, "[0, 1, 2]", ""), []string{"240 test photos of 60 parts, 3 seeds", "to show 0.05"}, "reports"},
		"no way": {studyOf(t, 1, 1, "[0, 1]", ""), []string{"no true difference in accuracy is shown", "to show"}, "reports"},
	} {
		answers := test.power.Answers()
		if len(answers) != len(test.want) {
			t.Errorf("%s: %q", name, answers)
			continue
		}
		for i, answer := range answers {
			if !strings.Contains(answer, test.want[i]) || strings.Contains(answer, test.not) {
				t.Errorf("%s: %q, want %q and not %q", name, answer, test.want[i], test.not)
			}
		}
	}
}

// TestWays: a way that is told shows the difference, and parts show no more than as many
// photos of parts of their own.
func TestWays(t *testing.T) {
	alone, parts := studyOf(t, 60, 1, "[0, 1, 2]", ""), studyOf(t, 60, 4, "[0, 1, 2]", "")
	if alone.Detectable == nil || parts.Detectable == nil || *parts.Detectable <= *alone.Detectable || parts.Assumed.DesignEffect != 2.5 {
		t.Fatalf("%+v and, of parts, %+v", alone, parts)
	}
	for _, p := range []*Power{alone, parts} {
		for _, way := range p.Ways {
			d := p.design
			d.Seeds, d.Images, d.Parts = way.Seeds, way.Photos, way.Photos*p.TestParts/p.TestPhotos
			if got := d.Detectable(p.Assumed); got > way.Difference {
				t.Errorf("%+v shows %.3f", way, got)
			}
		}
	}
}

// TestNothingToCompare: patterns and a single training set answer nothing of the kind.
func TestNothingToCompare(t *testing.T) {
	exp := parse(t, small)
	exp.Conditions.TrainingSets = exp.Conditions.TrainingSets[:1]
	if p := powerOf(&Plan{Experiment: exp, Division: &dataset.Division{}}); p != nil {
		t.Errorf("%+v", p)
	}
	exp.Conditions = nil
	if p := powerOf(&Plan{Experiment: exp, Division: &dataset.Division{}}); p != nil {
		t.Errorf("%+v", p)
	}
}
