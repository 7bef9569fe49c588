package report

import (
	"fmt"
	"strings"
	"testing"

	"kizu/orchestrator/experiment"
	"kizu/orchestrator/plan"
	"kizu/orchestrator/stage"
	"kizu/orchestrator/store"
)

// A verdict says in three lines what to do, what it comes to, and what would settle it.
func TestVerdict(t *testing.T) {
	real := func(right ...int) *condition { return ran(t, "real", 0, right...) }
	for name, test := range map[string]struct {
		rival      string
		conditions []*condition
		want       []string // in each line
	}{
		"fewer mistakes": {
			"", []*condition{real(60, 62, 63), ran(t, "both", 5, 95, 94, 96)},
			[]string{"Use generated images: “both” makes fewer mistakes than “real” (p", "From “real” to “both”: escapes ", "not for other training photos"},
		},
		"the best of two": {
			"", []*condition{real(60, 62, 63), ran(t, "fake", 5, 90, 91, 92), ran(t, "both", 5, 96, 95, 97)},
			[]string{"adjusted for 2 comparisons)", "From “real” to “both”, the best of 2: escapes", "not for other training photos"},
		},
		"more mistakes": {
			"", []*condition{real(95, 94, 96), ran(t, "both", 5, 60, 62, 63)},
			[]string{"Do not use generated images: of 1 training set with them, 1 makes more mistakes than “real”.", "of 50 defective photos, false alarms", "It holds"},
		},
		"not told apart": {
			"", []*condition{real(80, 81, 79), ran(t, "both", 5, 82, 80, 81), ran(t, "fake", 5, 78, 80, 77)},
			[]string{"Cannot tell yet whether to use generated images: none of the 2 training sets with them is shown to make fewer mistakes than “real”, nor more.",
				"means of 3 trainings on the same photos; sorted out is what is not answered “good”", "A gain of 0.020"},
		},
		"one seed": {
			"", []*condition{real(60), ran(t, "both", 5, 95)},
			[]string{"Cannot tell yet whether to use generated images: one training of each set", "by one training of each", "Three seeds or more"},
		},
		"a rival with generated images": {
			"pasted", []*condition{real(60, 62, 63), ran(t, "pasted", 5, 90, 91, 92), ran(t, "drawn", 5, 60, 61, 62)},
			[]string{"1 makes more mistakes than “pasted”", "From “pasted” to “drawn”", "It holds"},
		},
	} {
		sets := experiment.TrainingSets{}
		for _, c := range test.conditions {
			set := *c.set
			set.Name = c.name
			sets = append(sets, set)
		}
		exp := &experiment.Experiment{Conditions: &experiment.Conditions{TrainingSets: sets, Rival: test.rival}}
		exp.Dataset.Good = "good"
		for _, c := range test.conditions {
			c.runs = nil
			if err := c.summarize(nil, "good"); err != nil {
				t.Fatal(err)
			}
		}
		r := &Report{plan: &plan.Plan{Experiment: exp}, conditions: test.conditions}
		v, err := r.decide()
		if err != nil {
			t.Fatal(name, err)
		}
		lines := v.lines()
		if len(lines) != len(test.want) {
			t.Fatalf("%s: %q", name, lines)
		}
		for i, want := range test.want {
			if !strings.Contains(lines[i], want) {
				t.Errorf("%s: line %d is %q, want %q", name, i+1, lines[i], want)
			}
		}
		exp.Conditions.Redraw = true
		v, err = r.decide()
		if text := strings.Join(v.lines(), " "); err != nil || strings.Contains(text, "the same") || name != "one seed" && !strings.Contains(text, "each on photos of its own") {
			t.Errorf("%s, with photos drawn anew: %q (%v)", name, text, err)
		}
		if text := v.scope(); !strings.Contains(text, "training photos of each defect like these") || !v.result().Redrawn {
			t.Errorf("%s, with photos drawn anew: %q", name, text)
		}
	}
}

// Nothing is decided where there is nothing to compare.
func TestNoVerdict(t *testing.T) {
	r := newFixture(t, studies).collect(nil)
	if r.verdict != nil || r.verdict.lines() != nil || r.verdict.result() != nil {
		t.Errorf("%q", r.verdict.lines())
	}
}

// Where folds chose a threshold, mistakes are those of the inspection by it.
func TestThresholdOfFolds(t *testing.T) {
	f := newFixture(t, strings.Replace(studies, "steps: 5}", "steps: 5, folds: 2, recall: 0.9}", 1))
	threshold := "1" // nothing is sorted out
	f.adjust = func(task *plan.Task, manifest *store.Manifest) {
		if task.Kind == stage.KindClassify {
			manifest.Result = fmt.Appendf(nil, `{"threshold": %s}`, threshold)
		}
	}
	f.commitAll(nil)
	r := f.collect(nil)
	for _, c := range r.conditions {
		if c.inspection.Escapes.Mean != 1 || c.inspection.FalseAlarms.Mean != 0 {
			t.Errorf("%s: %+v", c.name, c.inspection)
		}
	}
	if text := r.verdict.counts(); !strings.Contains(text, "escapes 20 → 20 of 20") || !strings.Contains(text, "sorted out by thresholds") {
		t.Error(text)
	}
	if g := r.detectionGrid(); !strings.Contains(g.Notes[0], "sorted out from a score on that was chosen on photos of training") {
		t.Errorf("%q", g.Notes)
	}

	missing := newFixture(t, strings.Replace(studies, "steps: 5}", "steps: 5, folds: 2}", 1))
	missing.commitAll(nil)
	if c := missing.collect(nil).conditions[0].cells[0]; c.state != failed || !strings.Contains(c.reason, "no threshold") {
		t.Errorf("a classifier without its threshold is %s: %s", c.state, c.reason)
	}
}
