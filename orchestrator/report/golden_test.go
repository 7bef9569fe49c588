package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"kizu/orchestrator/plan"
	"kizu/orchestrator/report/table"
	"kizu/orchestrator/stage"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// keys change with every field that a task gets, and are tested elsewhere.
var keys = regexp.MustCompile(`\b(train_lora|generate|classify|measure):[0-9a-f]{10}`)

// golden compares an output with testdata/<name>.
func golden(t *testing.T, name string, write func(io.Writer) error) {
	t.Helper()
	var out bytes.Buffer
	if err := write(&out); err != nil {
		t.Fatal(err)
	}
	got := keys.ReplaceAll(out.Bytes(), []byte("$1:key"))
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (go test -update writes it anew); got:\n%s", path, got)
	}
}

func goldens(t *testing.T, prefix string, r *Report) {
	t.Helper()
	golden(t, prefix+".json", r.JSON)
	golden(t, prefix+".csv", r.writeCSV)
	golden(t, prefix+".tex", r.writeLaTeX)
	golden(t, prefix+".md", r.writeMarkdown)
	golden(t, prefix+".txt", func(w io.Writer) error { return r.Table(w, table.Screen{Width: 120}) })
}

func TestFinished(t *testing.T) {
	r := finished(t).collect(nil)
	goldens(t, "finished", r)
	golden(t, "finished-80.txt", func(w io.Writer) error { return r.Table(w, table.Screen{Width: 80}) })
}

// A LoRA failed, and with it what needs it; one seed's classifiers are not run.
func TestPartlyFailed(t *testing.T) { goldens(t, "partly-failed", partlyFailed(t)) }

func partlyFailed(t *testing.T) *Report {
	f := newFixture(t, studies)
	failures := map[string]string{}
	broken := func(task *plan.Task) bool { return strings.HasPrefix(task.Label, "LoRA hole, study 2, seed 0") }
	f.commitAll(func(task *plan.Task) bool {
		if broken(task) {
			failures[task.ID] = "the loss became nan at step 3\nand more"
			return false
		}
		return !(len(task.Needs) == 1 && broken(task.Needs[0])) &&
			!(task.Kind == stage.KindClassify && task.Label != `classifier "real", seed 0`)
	})
	return f.collect(failures)
}

func TestNothingRunYet(t *testing.T) {
	f := newFixture(t, studies)
	golden(t, "nothing.txt", func(w io.Writer) error { return f.collect(nil).Table(w, table.Screen{Width: 100}) })
}

// A damaged artifact fails its cell and is named; the others are shown.
func TestDamagedArtifact(t *testing.T) {
	f := newFixture(t, studies)
	f.commitAll(func(task *plan.Task) bool {
		return strings.HasPrefix(task.Label, "images crack, no LoRA") || strings.HasPrefix(task.Label, `classifier "real"`)
	})
	damage := map[string]string{"no LoRA": "images.csv", "real": "predictions.csv"}
	for _, c := range f.plan.Cells {
		if file := damage[c.Name]; file != "" && c.Seed == 0 {
			task := c.Tasks()[0]
			f.check(os.WriteFile(filepath.Join(f.store.Dir(task.Kind, task.Key), file), []byte("name,seed\n"), 0o644))
		}
	}
	for _, c := range f.collect(nil).cells {
		want, file := missing, damage[c.Name]
		switch {
		case file != "" && c.Seed == 0:
			want = failed
		case file != "":
			want = done
		}
		if c.state != want || c.state == failed && !strings.Contains(c.reason, "is damaged: "+file) {
			t.Errorf("cell %q, seed %d is %s (%s), want %s", c.Name, c.Seed, c.state, c.reason, want)
		}
	}
}

// results.csv is the long form of results.json.
func TestLongFormHasEveryMetric(t *testing.T) {
	f := finished(t)
	var table, tree bytes.Buffer
	r := f.collect(nil)
	f.check(r.writeCSV(&table))
	f.check(r.JSON(&tree))
	rows, err := csv.NewReader(&table).ReadAll()
	f.check(err)
	var all results
	f.check(json.Unmarshal(tree.Bytes(), &all))
	metrics := 0
	for _, cell := range all.Cells {
		metrics += len(cell.Metrics)
	}
	if len(rows)-1 != metrics || metrics == 0 {
		t.Errorf("%d rows, %d metrics", len(rows)-1, metrics)
	}
}

// A name that a spreadsheet would compute is text in results.csv, and a negative
// number stays a number.
func TestNamesAreNoFormulas(t *testing.T) {
	f := newFixture(t, strings.NewReplacer("    real:", "    '=HYPERLINK(\"x\")':", "    real & generated:", "    '-5':").Replace(studies))
	var table bytes.Buffer
	r := f.collect(nil)
	r.cells[len(r.cells)-1].metrics = []metric{{"made_up", -0.5}}
	f.check(r.writeCSV(&table))
	rows, err := csv.NewReader(&table).ReadAll()
	f.check(err)
	found := map[string]bool{}
	for _, row := range rows {
		found[row[2]] = true
		if row[4] == "made_up" && row[5] != "-0.5" {
			t.Errorf("value %q", row[5])
		}
	}
	if !found[`'=HYPERLINK("x")`] || !found[`'-5`] || found[`=HYPERLINK("x")`] || found["-5"] {
		t.Errorf("names %v", found)
	}
	for _, name := range []string{"", "real", "18 defect, 0 regularization", "a=b"} {
		if got := spreadsheetText(name); got != name {
			t.Errorf("%q becomes %q", name, got)
		}
	}
}
