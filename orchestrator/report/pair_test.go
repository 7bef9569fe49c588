package report

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"kizu/orchestrator/report/table"
	"kizu/orchestrator/result"
)

// Few seeds show less, and the table says no more: with one seed it compares
// classifiers and marks nothing; P(first better) takes three.
func TestPairGridSaysWhatSeedsShow(t *testing.T) {
	low, high := []int{60, 61, 60, 59, 60}, []int{95, 95, 94, 96, 95}
	for seeds, want := range map[int]struct {
		heads   string
		claims  int
		differ  string
		heading string
		note    string
	}{
		1: {"first classifier, second classifier, difference, 95 % interval, alone right, p, p (Holm), seeds", 0, "null", "the classifiers of one seed", result.OneSeed},
		2: {"first, second, difference, 95 % interval, alone right, p, p (Holm), detectable, seeds", 0, "false", "2 seeds", "at most 6 % claimed"},
		5: {"first, second, difference, 95 % interval, alone right, p, p (Holm), P(first better), detectable, seeds", 1, "true", "5 seeds", "at most 6 % claimed"},
	} {
		r := reported(t, seeds, []*condition{ran(t, "real", 0, low[:seeds]...), ran(t, "both", 5, high[:seeds]...)})
		g := r.pairGrid()
		var names []string
		for _, c := range g.Columns {
			names = append(names, c.Head)
		}
		if heads := strings.Join(names, ", "); heads != want.heads || len(g.Claims) != want.claims || len(g.Rows[0]) != len(g.Columns) {
			t.Errorf("%d seeds: %s, %d claims, %d fields", seeds, heads, len(g.Claims), len(g.Rows[0]))
		}
		if !strings.Contains(g.Title, want.heading) || !strings.Contains(strings.Join(g.Notes, "\n"), want.note) {
			t.Errorf("%d seeds: %s\n%s", seeds, g.Title, strings.Join(g.Notes, "\n"))
		}
		text, err := json.Marshal(r.pairResults()[0])
		if err != nil || !bytes.Contains(text, []byte(`"differ":`+want.differ)) ||
			bytes.Contains(text, []byte(`"probability_of_improvement":null`)) != (seeds < 3) ||
			bytes.Contains(text, []byte(`"detectable_difference":null`)) != (seeds < 2) {
			t.Errorf("%d seeds: %s, %v", seeds, text, err)
		}
	}
}

// No output of one seed says that a training set is better or worse, or that two
// differ.
func TestOneSeed(t *testing.T) {
	f := newFixtureIn(t, finished(t).dir, strings.Replace(studies, "seeds: [0, 1]", "seeds: [0]", 1))
	r := f.collect(nil)
	golden(t, "one-seed.md", r.writeMarkdown)
	outputs := map[string]func(io.Writer) error{
		"report.html": func(w io.Writer) error { return r.writePage(w, r.album()) }, "results.json": r.JSON,
		"tables.tex": r.writeLaTeX, "report.md": r.writeMarkdown, "terminal": func(w io.Writer) error { return r.Table(w, table.Screen{Width: 80}) },
	}
	for name, write := range outputs {
		var out bytes.Buffer
		f.check(write(&out))
		text := strings.Join(strings.Fields(out.String()), " ")
		for _, claim := range []string{"Better:", "Worse:", "beats", "does better", "does worse", "P(first better)", "false claim", `"differ": true`, `"differ": false`, "Which of them differ?"} {
			if strings.Contains(text, claim) {
				t.Errorf("%s of one seed says %q", name, claim)
			}
		}
		if name != "results.json" && !strings.Contains(text, "nothing is claimed about training sets") {
			t.Errorf("%s of one seed does not say that it claims nothing", name)
		}
	}
}

// TestMinus: what is rounded to 0 has no sign.
func TestMinus(t *testing.T) {
	for value, want := range map[float64]string{-0.0004: "0.000", -0.0006: "−0.001", 0.25: "+0.250", 0: "+0.000"} {
		if got := signed(value); got != want {
			t.Errorf("%g is written %s, want %s", value, got, want)
		}
	}
}
