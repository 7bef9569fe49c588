package report

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kizu/orchestrator/plan"
	"kizu/orchestrator/report/table"
)

// Two experiments that differ in the learning rate of their LoRAs: what has the
// same name stands side by side, and accuracies are compared image by image.
func TestSideBySide(t *testing.T) {
	one := finished(t)
	text := strings.NewReplacer("name: small", "name: slow", "lora: {steps", "lora: {learning_rate: 1e-5, steps",
		"    generated: {", "    other: {good: {real: 5}, defects: {real: 4}}\n    generated: {").Replace(studies)
	other := newFixture(t, text)
	other.right["generated"] = 10
	other.commitAll(func(task *plan.Task) bool { return !strings.Contains(task.Label, `"real & generated"`) })
	both := Beside([]*Report{one.collect(nil), other.collect(nil)})
	golden(t, "side-by-side.txt", func(w io.Writer) error { return both.Table(w, table.Screen{Width: 120}) })
	dir := t.TempDir()
	if err := both.Write(dir); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(dir, "side-by-side.md"))
	if err != nil || !bytes.HasPrefix(page, []byte("# small vs slow\n")) {
		t.Errorf("got %.40q, %v", page, err)
	}
}

func TestNothingSideBySide(t *testing.T) {
	const text = `
name: other
dataset: {format: folders, root: photos, noun: nut, good: good, defects: [crack, hole]}
base: base
lora: {steps: 20, batch_size: 2, resolution: 32}
patterns: {matrix: [{defect_images: 5}]}
classifier: {weights: none, resolution: 32}
`
	var out bytes.Buffer
	err := Beside([]*Report{finished(t).collect(nil), newFixture(t, text).collect(nil)}).Table(&out, table.Screen{Width: 100})
	if err == nil || !strings.Contains(err.Error(), "nothing can be compared") {
		t.Errorf("got %v:\n%s", err, out.String())
	}
}
