package report

import (
	"strings"
	"testing"

	"kizu/orchestrator/experiment"
	"kizu/orchestrator/plan"
	"kizu/orchestrator/result"
)

// ran is a condition whose seeds found so many of 100 test images, half of
// which are good.
func ran(t *testing.T, name string, generated int, right ...int) *condition {
	t.Helper()
	c := &condition{name: name, set: &experiment.TrainingSet{Defects: experiment.Counts{Real: 1, Generated: generated}}}
	for _, n := range right {
		m := &result.Confusion{Classes: []string{"good", "bad"}, Counts: [][]int{{n / 2, 50 - n/2}, {50 - (n - n/2), n - n/2}}}
		c.cells = append(c.cells, &cell{state: done, confusion: m})
	}
	if len(right) == 0 {
		c.cells = append(c.cells, &cell{state: missing})
	}
	if err := c.summarize(); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAnswer(t *testing.T) {
	for name, test := range map[string]struct {
		conditions []*condition
		want       []string
		not        string
	}{
		"one seed, clearly better": {
			[]*condition{ran(t, "real", 0, 60), ran(t, "both", 5, 90)},
			[]string{"of 1 other training set 1 does better", "“both” (0.900", "This is one seed", "“real”, reach an accuracy of 0.600"}, "Worse",
		},
		"overlap is no difference": {
			[]*condition{ran(t, "real", 0, 80), ran(t, "both", 5, 88), ran(t, "fake", 5, 75)},
			[]string{"None of the 2 other training sets can be told apart"}, "Better",
		},
		"better, worse and alike": {
			[]*condition{ran(t, "a", 5, 95), ran(t, "b", 5, 78), ran(t, "c", 5, 50), ran(t, "real", 0, 75)},
			[]string{"of 3 other training sets 1 does better, 1 does worse and 1 cannot be told apart", "always answering “good” (0.500): “c”."}, "“a”.",
		},
		"seeds that overlap are no difference, whatever the intervals": {
			[]*condition{ran(t, "real", 0, 60, 62, 80), ran(t, "both", 5, 80, 95, 95)},
			[]string{"cannot be told apart"}, "does better",
		},
		"seeds that agree": {
			[]*condition{ran(t, "real", 0, 60, 62, 66), ran(t, "both", 5, 88, 95, 95)},
			[]string{"1 does better", "neither the intervals nor single seeds overlap", "3 seeds"}, "This is one seed",
		},
		"no training set of real images alone": {
			[]*condition{ran(t, "x", 5, 70), ran(t, "y", 5, 75), ran(t, "z", 5, 40)},
			[]string{"The highest accuracy is that of “y”", "not told apart from it: “x”."}, "does better",
		},
		"the control is missing": {
			[]*condition{ran(t, "real", 0), ran(t, "y", 5, 75)},
			[]string{"The highest accuracy is that of “y”: 0.750"}, "does better",
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
			exp := &experiment.Experiment{Seeds: make([]int64, most)}
			r := &Report{
				plan: &plan.Plan{Experiment: exp}, conditions: test.conditions,
				tests: testImages{total: 100, majority: "good", baseline: 0.5},
			}
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
