package experiment

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// lists are the values of one matrix entry, by key.
type lists map[string][]string

// keysOfEntry are what the tests sweep: counts, fields of the lora section and
// of the generate section.
var keysOfEntry = []string{"defect_images", "regularization_images", "steps", "rank", "learning_rate", "generate.strength"}

func (l lists) yaml() string {
	var outer, inner []string
	for _, key := range keysOfEntry {
		if values := l[key]; len(values) > 0 {
			name, nested := strings.CutPrefix(key, "generate.")
			text := fmt.Sprintf("%s: [%s]", name, strings.Join(values, ", "))
			if nested {
				inner = append(inner, text)
			} else {
				outer = append(outer, text)
			}
		}
	}
	if len(inner) > 0 {
		outer = append(outer, "generate: {"+strings.Join(inner, ", ")+"}")
	}
	return "{" + strings.Join(outer, ", ") + "}"
}

// drawEntries draws a matrix with repeated values within and between entries.
func drawEntries(t *rapid.T) []lists {
	var entries []lists
	for range rapid.IntRange(1, 3).Draw(t, "entries") {
		entry := lists{}
		for i, key := range keysOfEntry {
			values := []string{"1", "2", "3", "4"}
			if key == "learning_rate" || key == "generate.strength" {
				values = []string{"0.25", "0.5", "0.75"}
			}
			least := 0
			if i == 0 {
				least = 1
			}
			entry[key] = rapid.SliceOfN(rapid.SampledFrom(values), least, 3).Draw(t, key)
		}
		entries = append(entries, entry)
	}
	return entries
}

func withMatrix(t interface{ Fatal(...any) }, seeds string, entries ...lists) *Experiment {
	text := head + "seeds: " + seeds + "\nlora: {rank: 4, alpha: 2}\npatterns:\n  baseline: true\n  matrix:\n"
	for _, entry := range entries {
		text += "    - " + entry.yaml() + "\n"
	}
	exp, err := Parse("small.yaml", "", []byte(text))
	if err != nil {
		t.Fatal(err, text)
	}
	return exp
}

// settled is a list's values without repetition, or the default alone.
func settled(values []string, otherwise string) []string {
	var list []string
	for _, value := range values {
		if !slices.Contains(list, value) {
			list = append(list, value)
		}
	}
	if list == nil {
		return []string{otherwise}
	}
	return list
}

// product lists what an entry stands for, written out.
func (l lists) product() []string {
	defaults := []string{"0", "0", "1000", "4", "0.0001", "0.8"}
	texts := []string{""}
	for i, key := range keysOfEntry {
		var next []string
		for _, text := range texts {
			for _, value := range settled(l[key], defaults[i]) {
				next = append(next, text+" "+value)
			}
		}
		texts = next
	}
	return texts
}

func written(p Pattern) string {
	return fmt.Sprint(" ", p.DefectImages, " ", p.RegularizationImages, " ", p.Steps, " ", p.Rank, " ", p.LearningRate, " ", p.Generate.Strength)
}

// TestExpandIsTheUnionOfProducts: a pattern is expanded if and only if some
// entry lists all of its values, and once.
func TestExpandIsTheUnionOfProducts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := drawEntries(t)
		want := map[string]bool{}
		for _, entry := range entries {
			product := entry.product()
			for _, text := range product {
				want[text] = true
			}
			if n := len(withMatrix(t, "[0]", entry).ExpandPatterns()) - 1; n != len(product) {
				t.Fatalf("%s expands to %d patterns, want %d", entry.yaml(), n, len(product))
			}
		}
		patterns := withMatrix(t, "[0]", entries...).ExpandPatterns()
		if !patterns[0].Baseline || patterns[0].Steps != 0 {
			t.Fatalf("the first pattern is %+v", patterns[0])
		}
		for _, pattern := range patterns[1:] {
			if !want[written(pattern)] {
				t.Fatalf("no entry lists %s, or it is there twice", written(pattern))
			}
			delete(want, written(pattern))
			if pattern.Alpha != float64(pattern.Rank)/2 || pattern.Baseline {
				t.Fatalf("%q has rank %d and alpha %g", pattern.Name, pattern.Rank, pattern.Alpha)
			}
		}
		if len(want) > 0 {
			t.Fatalf("missing: %v", want)
		}
	})
}

// TestExpandKeepsTheOrder: earlier entries come first, within an entry the
// lists run as loops do, the last one fastest.
func TestExpandKeepsTheOrder(t *testing.T) {
	exp := withMatrix(t, "[0]",
		lists{"defect_images": {"18", "10"}, "regularization_images": {"50", "0"}},
		lists{"defect_images": {"10"}, "regularization_images": {"0", "7"}})
	var got []string
	for _, p := range exp.ExpandPatterns()[1:] {
		got = append(got, fmt.Sprintf("%d/%d", p.DefectImages, p.RegularizationImages))
	}
	if want := "[18/50 18/0 10/50 10/0 10/7]"; fmt.Sprint(got) != want {
		t.Errorf("order %v, want %s", got, want)
	}
}

// TestCellsAreDistinct: every pattern stands at every seed, and a name and a
// seed tell all cells of a study apart.
func TestCellsAreDistinct(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		exp := withMatrix(t, "[3, 0, 8]", drawEntries(t)...)
		cells := exp.Cells()
		if want := len(exp.ExpandPatterns()) * len(exp.Seeds); len(cells) != want {
			t.Fatalf("%d cells, want %d", len(cells), want)
		}
		seen := map[string]Pattern{}
		for i, cell := range cells {
			if cell.Seed != exp.Seeds[i%len(exp.Seeds)] {
				t.Fatalf("cell %d has seed %d; the seeds are %v", i, cell.Seed, exp.Seeds)
			}
			id := fmt.Sprint(cell.Name, "/", cell.Seed)
			if other, twice := seen[id]; twice {
				t.Fatalf("%q names both %+v and %+v", id, other, *cell.Pattern)
			}
			seen[id] = *cell.Pattern
		}
	})
}

// TestPatternsSeeds: study 1 may have seeds of its own.
func TestPatternsSeeds(t *testing.T) {
	const file = head + "seeds: [0, 1]\npatterns:\n  baseline: true\n"
	for text, want := range map[string]string{
		file:                       "[0 1]",
		file + "  seeds: [1]\n":    "[1]",
		file + "  seeds: []\n":     "patterns.seeds is empty: give at least one, such as [0]",
		file + "  seeds: [1, 1]\n": "seed 1 is listed twice",
		file + "  seeds: [5]\n":    "seed 5 is none of the experiment's: add it to seeds",
	} {
		e, err := Parse("small.yaml", "", []byte(text))
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			var seeds []int64
			for _, cell := range e.Cells() {
				seeds = append(seeds, cell.Seed)
			}
			got = fmt.Sprint(seeds)
		}
		if !strings.HasSuffix(got, want) {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
