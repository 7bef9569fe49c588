package report

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"kizu/orchestrator/plan"
	"kizu/orchestrator/stage"
)

// judge writes what a referee says: it calls images of the noun alone sound, but for a LoRA
// without regularization, and of other images all but every eighth what they are called; those
// without a LoRA good.
func (f *fixture) judge(dir string, task *plan.Task, spec stage.Judge) []byte {
	f.t.Helper()
	classes := f.plan.Experiment.Dataset.Classes()
	text := &strings.Builder{}
	fmt.Fprintf(text, "image,label,predicted,p_%s\n", strings.Join(classes, ",p_"))
	drifts := strings.Contains(task.Label, "noun alone") && strings.Contains(task.Label, " 0 regularization")
	for i := range spec.Count {
		said := spec.Label
		if i%8 == 7 || strings.Contains(task.Label, "no LoRA") {
			said = classes[0]
		}
		if drifts && i%2 == 0 {
			said = classes[1]
		}
		fmt.Fprintf(text, "%04d.png,%s,%s,0.5,0.25,0.25\n", i, spec.Label, said)
	}
	f.write(relative(f, filepath.Join(dir, "predictions.csv")), []byte(text.String()))
	return fmt.Appendf(nil, `{"images": %d}`, spec.Count)
}

func relative(f *fixture, path string) string {
	name, err := filepath.Rel(f.dir, path)
	f.check(err)
	return name
}

// refereedReport is the small experiment with a referee and 32 images of each pattern.
func refereedReport(t *testing.T, keep func(*plan.Task) bool) *Report {
	t.Helper()
	text := strings.Replace(studies, "show: 8", "show: 8\n  measure: 32", 1)
	f := newFixture(t, text+"referee: {photos: 8}\n")
	f.right["referee"] = 9
	f.commitAll(keep)
	return f.collect(nil)
}

// TestReferee: the tables say what the referee said, and the answer names what differs.
func TestReferee(t *testing.T) {
	r := refereedReport(t, nil)
	samples := r.samplesJudged()
	if len(samples.Rows) == 0 {
		t.Fatal("no table of study 2's images")
	}
	for head, want := range map[string]map[string]string{
		"images":           {"photos: good": "20", "crack": "52"}, // ten that are trained on and 16 held out, twice
		"called so":        {"crack": "0.885"},
		"called defective": {"good": "0.000", "hole": "0.885"},
	} {
		column := columnOf(samples, head)
		for row, value := range want {
			if column[row] != value {
				t.Errorf("%s of %s: %q, want %q", head, row, column[row], value)
			}
		}
	}
	patterns := r.patternsJudged()
	for head, want := range map[string]map[string]string{
		"called defective": {"no LoRA": "0.000 ± 0.000", "6 defect, 0 regularization": "0.875 ± 0.000"},
		"noun alone":       {"6 defect, 0 regularization": "0.500 ± 0.000", "6 defect, 8 regularization": "0.000 ± 0.000"},
	} {
		column := columnOf(patterns, head)
		for row, value := range want {
			if column[row] != value {
				t.Errorf("%s of %s: %q, want %q", head, row, column[row], value)
			}
		}
	}
	if got := r.refereeResult(); len(got.Tried) != 3 || len(got.Images) != 3 || len(got.Patterns) != 5 || got.Images[1].CalledSo != 46 {
		t.Errorf("results.json has %+v", got)
	}
	answer := strings.Join(r.answer(), "\n")
	for _, want := range []string{
		"Images with the identifier that the referee calls defective: another share than of “no LoRA”, 32 images and 2 seeds: “6 defect, 0 regularization” 0 % → 88 %",
		"Images of the noun alone that it calls defective: another share than of “no LoRA”, 32 images and 2 seeds: “6 defect, 0 regularization” 0 % → 50 %",
	} {
		if !strings.Contains(answer, want) {
			t.Errorf("the answer lacks %q:\n%s", want, answer)
		}
	}
}

// TestRefereeMissing: a report without the referee's artifacts has no such tables.
func TestRefereeMissing(t *testing.T) {
	r := refereedReport(t, func(task *plan.Task) bool { return task.Kind != stage.KindJudge })
	if len(r.samplesJudged().Rows)+len(r.judged) > 0 {
		t.Error("there are tables of what nobody said")
	}
	if r.count(done) != len(r.cells) {
		t.Error("a cell without its referee is not done")
	}
}
