package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kizu/orchestrator/plan"
	"kizu/orchestrator/report/table"
	"kizu/orchestrator/stage"
)

// detected is the small experiment with a detector, as the rival.
var detected = strings.Replace(studies, "classifier: {weights", "  detectors: {alone: {good: {real: 8}}}\n  rival: alone\nclassifier: {weights", 1)

// detect writes scores by which one defective photo of ten is missed, and one good one in ten is
// sorted out.
func (f *fixture) detect(dir string, spec stage.Detect) []byte {
	text := "image,label,score\n"
	for i, img := range spec.Test {
		score := 20 + 10*img.Class
		switch {
		case i%10 == 3 && img.Class == 0:
			score = 27
		case i%10 == 3:
			score = 24
		}
		text += fmt.Sprintf("%s,%s,%d.%d\n", img.Name, spec.Classes[img.Class], score, i)
	}
	f.check(os.WriteFile(filepath.Join(dir, "predictions.csv"), []byte(text), 0o644))
	return []byte(`{"threshold": 26}`)
}

// A detector takes part in what needs good against defective, and in nothing else.
func TestDetectors(t *testing.T) {
	f := newFixture(t, detected)
	f.commitAll(nil)
	r := f.collect(nil)
	c := r.condition("alone")
	if c.results != nil || c.detection == nil || len(c.runs) != 2 || numberOf(c.inspection.Escapes, 20) != "2" || numberOf(c.inspection.FalseAlarms, 20) != "2" {
		t.Fatalf("%+v", c)
	}
	if len(r.pairs) != 3 || len(r.ranked) != 3 || r.ranked[0].a != c {
		t.Errorf("%d comparisons of accuracy, %d of AUROC", len(r.pairs), len(r.ranked))
	}
	if v := r.verdict; v == nil || v.rival != c || len(v.Compared) != 2 || !strings.Contains(v.counts(), "From “alone” to “") ||
		!strings.Contains(v.counts(), "sorted out is, by “alone”, what reaches a score that was chosen on photos of training, and by “") {
		t.Errorf("%q", v.lines())
	}

	var out bytes.Buffer
	f.check(r.Table(&out, table.Screen{Width: 200}))
	for _, want := range []string{"\nalone  ", "8 real       –  ", "detectors’ AUROC compared on the same 40 test images", "a detector’s score is how far a photo lies"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, out.String())
		}
	}
	if answer := strings.Join(r.answer(), "\n"); !strings.Contains(answer, "Without any defect photo, by 8 photos of good parts, “alone” tells good from defective with an AUROC of 0.9") || strings.Contains(answer, "Not shown to be better than always answering “good” (0.500): “alone”") {
		t.Error(answer)
	}

	out.Reset()
	f.check(r.JSON(&out))
	var all results
	f.check(json.Unmarshal(out.Bytes(), &all))
	entry := all.Conditions[3]
	if entry.Detector != "patchcore" || entry.Accuracy != nil || entry.Confusion != nil || entry.Inspection == nil || entry.Detection == nil || entry.Detection.Probable || len(all.Ranked) != 3 || all.Ranked[0].Differ == nil {
		t.Errorf("%+v\n%+v", entry, all.Ranked)
	}
	if m := all.Cells[len(all.Cells)-1].Metrics; m["threshold"] != 26 || m["n_train_good"] != 8 || m["n_escapes"] != 2 || m["auroc"] == 0 {
		t.Errorf("%v", m)
	}
	if _, there := all.Cells[len(all.Cells)-1].Metrics["accuracy"]; there {
		t.Error("a detector has an accuracy")
	}

	out.Reset()
	f.check(r.writePage(&out, r.album()))
	for _, want := range []string{`data-label="Accuracy">–<`, `>alone: escapes`, "detectors’ AUROC compared"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

// Of a study whose detectors alone are done, their figures are the answer.
func TestDetectorsAlone(t *testing.T) {
	f := newFixture(t, detected)
	f.commitAll(func(task *plan.Task) bool { return task.Kind == stage.KindDetect })
	r := f.collect(nil)
	if answer := r.answer(); !strings.HasPrefix(answer[0], "Without any defect photo") || len(r.ranked) != 0 || r.verdict != nil {
		t.Errorf("%q", answer)
	}
	var out bytes.Buffer
	f.check(r.writeCSV(&out))
	if text := out.String(); !strings.Contains(text, "alone,0,auroc,0.9") || !strings.Contains(text, "real,0,accuracy,\n") {
		t.Error(text)
	}
}
