package command

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"kizu/orchestrator/dataset/datasettest"
	"kizu/orchestrator/report"
	"kizu/orchestrator/store"
)

// grid is the article's two studies over many seeds: 41 tasks a seed.
const grid = `
name: grid
dataset: {format: folders, root: data, noun: nut, defects: [crack, cut, hole, print]}
base: base
patterns:
  defect: hole
  baseline: true
  matrix:
    - {defect_images: 18, regularization_images: [0, 10, 50, 100, 391]}
    - {defect_images: 10, regularization_images: 391}
    - {defect_images: 18, regularization_images: 391, steps: [100, 5000]}
conditions:
  test: {good: 40, crack: 8, cut: 7, hole: 8, print: 7}
  lora: {good_images: 24, defect_images: 10}
  training_sets:
    real: {good: {real: 24}, defects: {real: 10}}
    generated: {good: {generated: 100}, defects: {generated: 100}}
    both: {good: {real: 24, generated: 100}, defects: {real: 10, generated: 100}}
    defects: {good: {real: 100}, defects: {generated: 100}}
    all: {good: {real: 100}, defects: {real: 10, generated: 100}}
classifier: {weights: none}
seeds: [%s]
`

// BenchmarkTenThousandTasks times `kizu plan` and a `kizu run` that finds
// nothing to do, on a store that has all of about 10,000 tasks, and a plan of
// the same tasks with another learning rate, so that nearly all are to be run.
func BenchmarkTenThousandTasks(b *testing.B) {
	const seeds = 244
	dir := b.TempDir()
	b.Chdir(dir)
	flags := gridFlags(dir)
	planned := finishedGrid(b, dir, seeds)
	changed := strings.Replace(fmt.Sprintf(grid, seedList(seeds)), "classifier: {weights: none}", "lora: {learning_rate: 5e-4}\nclassifier: {weights: none}", 1)
	if err := os.WriteFile("changed.yaml", []byte(changed), 0o644); err != nil {
		b.Fatal(err)
	}
	for _, bench := range []struct {
		name string
		args []string
	}{
		{"plan", []string{"plan", "grid.yaml"}},
		{"run", []string{"run", "grid.yaml", "--quiet"}},
		{"plan-changed", []string{"plan", "changed.yaml"}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			for b.Loop() {
				var stderr bytes.Buffer
				if code := Run(append(bench.args, flags...), io.Discard, &stderr); code != exitDone {
					b.Fatalf("code %d: %s", code, &stderr)
				}
			}
			b.ReportMetric(float64(len(planned.plan.Tasks)), "tasks")
		})
	}
}

// TestGrid makes a grid of KIZU_GRID_SEEDS seeds and its finished store in the
// folder KIZU_GRID, for benchmarks of the program itself (scripts/bench).
func TestGrid(t *testing.T) {
	dir := os.Getenv("KIZU_GRID")
	if dir == "" {
		t.Skip("for make bench: set KIZU_GRID to a folder")
	}
	seeds, err := strconv.Atoi(os.Getenv("KIZU_GRID_SEEDS"))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	planned := finishedGrid(t, dir, seeds)
	t.Logf("%d cells, %d tasks", len(planned.plan.Cells), len(planned.plan.Tasks))
}

func gridFlags(dir string) []string {
	return []string{"--store", "runs", "--home", dir, "--devices", "cpu"}
}

// finishedGrid writes a grid into the working folder dir, and a store that has
// all of its tasks.
func finishedGrid(tb testing.TB, dir string, seeds int) *planned {
	tb.Helper()
	tb.Setenv("XDG_CACHE_HOME", tb.TempDir()) // what this machine remembers of other photos takes memory
	writeGrid(tb, dir, seeds)
	s := newSettingsOf(tb, gridFlags(dir))
	planned, err := openPlanned(tb.Context(), s, "grid.yaml")
	if err != nil {
		tb.Fatal(err)
	}
	if err := planned.makeStore(s, false); err != nil {
		tb.Fatal(err)
	}
	fill(tb, planned)
	return planned
}

func seedList(n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprint(i))
	}
	return strings.Join(list, ", ")
}

// newSettingsOf parses flags as the program does.
func newSettingsOf(tb testing.TB, flags []string) *settings {
	tb.Helper()
	root := &cobra.Command{}
	s := newSettings(root, io.Discard)
	s.addExecutor(&cobra.Command{})
	if err := root.PersistentFlags().Parse(flags); err != nil {
		tb.Fatal(err)
	}
	return s
}

// writeGrid writes photos, a base model and what else the experiment needs.
func writeGrid(tb testing.TB, dir string, seeds int) {
	tb.Helper()
	files := map[string][]byte{
		"grid.yaml":             []byte(fmt.Sprintf(grid, seedList(seeds))),
		"base/model_index.json": []byte("{}"),
	}
	for class, n := range map[string]int{"good": 431, "crack": 18, "cut": 17, "hole": 18, "print": 17} {
		for i := range n {
			picture := image.NewGray(image.Rect(0, 0, 8, 8))
			for p := range picture.Pix {
				picture.Pix[p] = uint8((len(class)*7 + i*31 + p*p + i*i*p) % 251)
			}
			copy(picture.Pix, fmt.Sprintf("%s%03d", class, i)) // no two pictures are equal
			var text bytes.Buffer
			if err := png.Encode(&text, picture); err != nil {
				tb.Fatal(err)
			}
			files[fmt.Sprintf("data/%s/%03d.png", class, i)] = text.Bytes()
		}
	}
	home := datasettest.Home(tb)
	for _, name := range []string{"scripts", ".venv"} { // what reads photos
		if err := os.Symlink(filepath.Join(home, name), filepath.Join(dir, name)); err != nil {
			tb.Fatal(err)
		}
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			tb.Fatal(err)
		}
	}
}

// fill writes every task's manifest as a commit does, without waiting for the
// disk each time, and a report that was made of them.
func fill(tb testing.TB, planned *planned) {
	tb.Helper()
	var journal bytes.Buffer
	lines := json.NewEncoder(&journal)
	for _, task := range planned.plan.Tasks {
		m := store.Manifest{Kind: task.Kind, Key: task.Key, Label: task.Label, Identity: task.Identity(), Host: planned.store.Host(), Device: "cpu"}
		text, err := json.MarshalIndent(m, "", "  ")
		if err != nil {
			tb.Fatal(err)
		}
		dir := planned.store.Dir(task.Kind, task.Key)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "manifest.json"), text, 0o644); err != nil {
			tb.Fatal(err)
		}
		entry := store.Entry{Kind: task.Kind, Key: task.Key, Label: task.Label, Host: m.Host, Device: "cpu", Seconds: 1, Effort: task.Spec.Effort(), Bytes: 1}
		if err := lines.Encode(entry); err != nil {
			tb.Fatal(err)
		}
	}
	key, err := report.KeyOf(planned.plan, version())
	if err != nil {
		tb.Fatal(err)
	}
	page := planned.store.Reports(planned.plan.Experiment.Name)
	if err := os.MkdirAll(page, 0o755); err != nil {
		tb.Fatal(err)
	}
	for path, text := range map[string][]byte{
		filepath.Join(planned.store.Root(), "journal.jsonl"): journal.Bytes(),
		filepath.Join(page, "report.key"):                    []byte(key),
		filepath.Join(page, "report.txt"):                    []byte("a table\n"),
		filepath.Join(page, "report.html"):                   []byte("a page\n"),
	} {
		if err := os.WriteFile(path, text, 0o644); err != nil {
			tb.Fatal(err)
		}
	}
}
