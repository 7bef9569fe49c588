package report

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"kizu/orchestrator/report/table"
)

// outputs are a report in every form that has tables.
func outputs(t *testing.T, r *Report) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for name, write := range map[string]func(io.Writer) error{
		"terminal": func(w io.Writer) error { return r.Table(w, table.Screen{Width: 140}) }, "Markdown": r.writeMarkdown, "LaTeX": r.writeLaTeX, "JSON": r.JSON,
		"page": func(w io.Writer) error { return r.writePage(w, r.album()) },
	} {
		var out bytes.Buffer
		if err := write(&out); err != nil {
			t.Fatal(err)
		}
		texts[name] = strings.Join(strings.Fields(out.String()), " ")
	}
	return texts
}

// TestReference: what somebody else reported stands beside the results where
// the file gives it, and nowhere else.
func TestReference(t *testing.T) {
	section := "reference: {name: paper, source: A and B (2020), test_images: 70, accuracy: {real: 0.7, real & generated: 0.93}}\n"
	for name, text := range outputs(t, newFixture(t, studies+section).collect(nil)) {
		figure, interval := "0.70", "0.585–0.795"
		switch name {
		case "JSON":
			figure, interval = `"real": 0.7`, `"test_images": 70`
		case "LaTeX":
			interval = "0.585--0.795"
		}
		for _, want := range []string{"paper", "A and B (2020)", figure, "0.93", interval} {
			if !strings.Contains(text, want) {
				t.Errorf("%s does not say %q: %s", name, want, text)
			}
		}
	}
	for name, text := range outputs(t, newFixture(t, studies).collect(nil)) {
		if strings.Contains(text, "as reported by") || strings.Contains(text, `"reference"`) {
			t.Errorf("%s has figures of nobody: %s", name, text)
		}
	}
}

// TestReferenceWithoutCount: no interval is made up where the number of test
// images is not given.
func TestReferenceWithoutCount(t *testing.T) {
	r := newFixture(t, studies+"reference: {source: a paper, accuracy: {real: 0.72}}\n").collect(nil)
	text := outputs(t, r)["terminal"]
	if !strings.Contains(text, "reference: accuracy as reported by a paper;") || strings.Contains(text, "Wilson") {
		t.Errorf("got %s", text)
	}
	if accuracy, interval := r.referenceFigure(r.conditions[1]); accuracy != "–" || interval != "–" {
		t.Errorf("a training set without a figure has %s, %s", accuracy, interval)
	}
}
