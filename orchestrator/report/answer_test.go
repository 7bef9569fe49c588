package report

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"kizu/orchestrator/experiment"
	"kizu/orchestrator/plan"
	"kizu/orchestrator/result"
)

// ran is a condition whose seeds found so many of 100 test images, half of
// which are good: which ones differs from condition to condition and from seed
// to seed.
func ran(t *testing.T, name string, generated int, right ...int) *condition {
	t.Helper()
	c := &condition{name: name, set: &experiment.TrainingSet{Defects: experiment.Counts{Real: 1, Generated: generated}}}
	for seed, n := range right {
		p := &result.Predictions{Classes: []string{"good", "bad"}}
		found := rand.New(rand.NewPCG(uint64(n), uint64(seed))).Perm(100)[:n]
		for i := range 100 {
			label := i / 50
			img := result.Prediction{Image: fmt.Sprint(i), Label: label, Predicted: label}
			if !slices.Contains(found, i) {
				img.Predicted = 1 - label
			}
			img.Probabilities = []float64{1 - float64(img.Predicted), float64(img.Predicted)}
			p.Images = append(p.Images, img)
		}
		planned := plan.Cell{Cell: experiment.Cell{Seed: int64(seed)}}
		c.cells = append(c.cells, &cell{Cell: planned, state: done, predictions: p, confusion: result.Tally(p)})
	}
	if len(right) == 0 {
		c.cells = append(c.cells, &cell{state: missing})
	}
	if err := c.summarize(nil, ""); err != nil {
		t.Fatal(err)
	}
	return c
}

// moreGood gives a condition more real photos of good parts.
func moreGood(c *condition) *condition {
	c.set.Good.Real = 9
	return c
}

func TestAnswer(t *testing.T) {
	for name, test := range map[string]struct {
		conditions []*condition
		want       []string
		not        string
	}{
		"one seed describes classifiers": {
			[]*condition{ran(t, "real", 0, 60), ran(t, "both", 5, 90)},
			[]string{"One seed describes these 2 classifiers and cannot say which training set is better.", "The classifier trained on “real” has an accuracy of 0.600",
				"“both” with 0.900 (+0.300, p < 0.001); each p", "compares two classifiers on the same images, not their training sets."}, "etter:",
		},
		"one seed without real images alone": {
			[]*condition{ran(t, "x", 5, 40), ran(t, "y", 5, 75)},
			[]string{"The classifier trained on “y” has an accuracy of 0.750", "“x” with 0.400 (−0.350, p < 0.001)"}, "beats",
		},
		"one seed in common, several of others": {
			[]*condition{ran(t, "real", 0, 60, 62, 63, 61, 60), ran(t, "both", 5, 95), ran(t, "fake", 5, 95, 94, 96, 95, 96)},
			[]string{"of 2 other training sets 1 does better and 1 has one seed in common", "Nothing is claimed where one seed is in common: “both” (0.950)."}, "beats",
		},
		"a little better is no difference": {
			[]*condition{ran(t, "real", 0, 80, 81, 79), ran(t, "both", 5, 86, 84, 82), ran(t, "fake", 5, 75, 77, 80)},
			[]string{"None of the 2 other training sets can be told apart", "Among the others, no two can be told apart with 100 test images."}, "Better",
		},
		"better, worse and alike": {
			[]*condition{ran(t, "a", 5, 97, 96, 97, 98, 97), ran(t, "b", 5, 78, 76, 77, 78, 75), ran(t, "c", 5, 45, 44, 46, 45, 47), ran(t, "real", 0, 75, 74, 76, 75, 74)},
			[]string{"of 3 other training sets 1 does better, 1 does worse and 1 cannot be told apart", "always answering “good” (0.500): “c”.",
				"Among the others, “a” beats “b” (+0.202, p"}, "“a”.",
		},
		"what the table has second may beat what it has first": {
			[]*condition{ran(t, "real", 0, 70, 71, 69, 70, 70), ran(t, "low", 5, 50, 49, 51, 50, 50), ran(t, "high", 5, 80, 81, 79, 80, 80)},
			[]string{"“high” beats “low” (+0.300"}, "“low” beats",
		},
		"seeds that disagree are no difference": {
			[]*condition{ran(t, "real", 0, 60, 62, 90), ran(t, "both", 5, 70, 95, 75)},
			[]string{"cannot be told apart"}, "does better",
		},
		"seeds that agree": {
			[]*condition{ran(t, "real", 0, 60, 62, 63), ran(t, "both", 5, 95, 94, 96)},
			[]string{"1 does better", "3 seeds", "Every p is adjusted for 1 comparison on the same 100 test images"}, "One seed",
		},
		"no training set of real images alone": {
			[]*condition{ran(t, "x", 5, 70, 71, 69, 70, 70), ran(t, "y", 5, 75, 76, 74, 75, 75), ran(t, "z", 5, 40, 41, 39, 40, 40)},
			[]string{"The highest accuracy is that of “y”", "it beats “z” (+0.350, p", "not told apart from it: “x”."}, "does better",
		},
		"the control is missing": {
			[]*condition{ran(t, "real", 0), ran(t, "y", 5, 75)},
			[]string{"The highest accuracy is that of “y”: 0.750"}, "does better",
		},
		"the same real images with and without generated ones": {
			[]*condition{
				ran(t, "real", 0, 60, 61, 60, 59, 60), moreGood(ran(t, "real, more good", 0, 70, 70, 71, 69, 70)), moreGood(ran(t, "all", 5, 95, 95, 94, 96, 95)),
			},
			[]string{"“all” has the real images of “real, more good” and generated ones besides: the generated images help (+0.250, p"}, "cannot be told apart",
		},
		"the same of one seed": {
			[]*condition{ran(t, "real", 0, 60), moreGood(ran(t, "real, more good", 0, 70)), moreGood(ran(t, "all", 5, 95))},
			[]string{"and generated ones besides: whether their classifiers differ by chance, one seed does not show (+0.250, p"}, "help",
		},
		"nothing is finished": {
			[]*condition{ran(t, "real", 0), ran(t, "y", 5)}, []string{"No condition is finished yet"}, "accuracy",
		},
	} {
		t.Run(name, func(t *testing.T) {
			most := 0
			for _, c := range test.conditions {
				most = max(most, len(c.cells))
			}
			r := reported(t, max(1, most), test.conditions)
			got := strings.Join(r.answer(), " ")
			for _, want := range test.want {
				if !strings.Contains(got, want) {
					t.Errorf("the answer lacks %q: %s", want, got)
				}
			}
			if strings.Contains(got, test.not) {
				t.Errorf("the answer has %q: %s", test.not, got)
			}
		})
	}
}

// reported is a report of conditions that were tested on 100 images.
func reported(t *testing.T, seeds int, conditions []*condition) *Report {
	t.Helper()
	pairs, err := comparePairs(conditions)
	if err != nil {
		t.Fatal(err)
	}
	return &Report{
		plan:       &plan.Plan{Experiment: &experiment.Experiment{Seeds: make([]int64, seeds)}},
		conditions: conditions, pairs: pairs, tests: testImages{total: 100, majority: "good", baseline: 0.5},
	}
}

// Where four training sets are equally good, the answer claims in no more than
// 5 % of experiments that any of them is better, worse or beats another.
func TestAnswerClaimsNothingThatIsNot(t *testing.T) {
	random, wrong := rand.New(rand.NewPCG(7, 8)), 0
	const experiments, seeds = 2000, 3
	for range experiments {
		var difficulty [100]float64
		for i := range difficulty {
			difficulty[i] = 0.8 * random.NormFloat64()
		}
		r := &Report{
			plan:  &plan.Plan{Experiment: &experiment.Experiment{Seeds: make([]int64, seeds)}},
			tests: testImages{total: 100, majority: "good", baseline: 0.5},
		}
		var results []*result.Runs
		for i := range 4 {
			runs, err := result.NewRuns([]int64{0, 1, 2}, []*result.Predictions{drawn(random, difficulty), drawn(random, difficulty), drawn(random, difficulty)})
			if err != nil {
				t.Fatal(err)
			}
			results = append(results, runs)
			r.conditions = append(r.conditions, &condition{
				name: fmt.Sprint("set ", i), set: &experiment.TrainingSet{Good: experiment.Counts{Real: 1, Generated: i}},
				runs: make([]*cell, seeds), results: runs, accuracy: runs.Accuracy(),
			})
		}
		comparisons, err := result.CompareAll(results)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range comparisons {
			r.pairs = append(r.pairs, pair{Comparison: c, a: r.conditions[c.A], b: r.conditions[c.B]})
		}
		answer := strings.Join(r.answer(), " ")
		if strings.Contains(answer, "Better:") || strings.Contains(answer, "Worse:") || strings.Contains(answer, " beats ") {
			wrong++
		}
	}
	if wrong == 0 || wrong > experiments/20 {
		t.Errorf("%d of %d answers claim a difference that is not there", wrong, experiments)
	}
}

// drawn is a run that finds an image where noise, the image's difficulty and a
// shift of the training add up to less than 1.
func drawn(random *rand.Rand, difficulty [100]float64) *result.Predictions {
	p := &result.Predictions{Classes: []string{"good", "bad"}}
	training := 0.3 * random.NormFloat64()
	for i, d := range difficulty {
		img := result.Prediction{Image: fmt.Sprint(i), Label: i / 50, Predicted: i / 50}
		if random.NormFloat64()+d+training > 1 {
			img.Predicted = 1 - img.Label
		}
		p.Images = append(p.Images, img)
	}
	return p
}
