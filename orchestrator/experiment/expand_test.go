package experiment

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// drawMatrix draws a matrix with repeated values within and between entries.
func drawMatrix(t *rapid.T) *Experiment {
	exp := defaults()
	exp.Seeds = rapid.SliceOfNDistinct(rapid.Int64Range(0, 9), 1, 3, rapid.ID).Draw(t, "seeds")
	counts := func(name string, least int) OneOrMany[int] {
		return rapid.SliceOfN(rapid.IntRange(1, 4), least, 3).Draw(t, name)
	}
	rates := rapid.SampledFrom([]float64{1e-4, 2e-4, 5e-4})
	exp.Patterns = &Patterns{Baseline: rapid.Bool().Draw(t, "baseline"), Show: 1}
	for range rapid.IntRange(0, 3).Draw(t, "entries") {
		exp.Patterns.Matrix = append(exp.Patterns.Matrix, MatrixEntry{
			DefectImages:         counts("defect images", 1),
			RegularizationImages: counts("regularization images", 0),
			Steps:                counts("steps", 0),
			Rank:                 counts("rank", 0),
			LearningRate:         rapid.SliceOfN(rates, 0, 2).Draw(t, "learning rates"),
		})
	}
	return exp
}

// settled is a list's values without repetition, or the default alone.
func settled[T comparable](values []T, otherwise T) []T {
	var list []T
	for _, value := range values {
		if !slices.Contains(list, value) {
			list = append(list, value)
		}
	}
	if list == nil {
		return []T{otherwise}
	}
	return list
}

// TestExpandIsTheUnionOfProducts: a pattern is expanded if and only if some
// entry lists all of its values, and once.
func TestExpandIsTheUnionOfProducts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		exp := drawMatrix(t)
		got := exp.ExpandPatterns()
		want := map[Pattern]bool{}
		if exp.Patterns.Baseline {
			want[Pattern{Baseline: true, Strength: 0.8}] = true
		}
		for _, m := range exp.Patterns.Matrix {
			product := 1
			for _, d := range settled(m.DefectImages, 0) {
				for _, r := range settled(m.RegularizationImages, 0) {
					for _, s := range settled(m.Steps, exp.LoRA.Steps) {
						for _, k := range settled(m.Rank, exp.LoRA.Rank) {
							for _, l := range settled(m.LearningRate, exp.LoRA.LearningRate) {
								want[Pattern{false, d, r, s, k, l, 0.8}] = true
							}
						}
					}
				}
			}
			alone := *exp
			alone.Patterns = &Patterns{Matrix: []MatrixEntry{m}}
			for _, n := range []int{
				len(settled(m.DefectImages, 0)), len(settled(m.RegularizationImages, 0)), len(settled(m.Steps, 0)),
				len(settled(m.Rank, 0)), len(settled(m.LearningRate, 0)),
			} {
				product *= n
			}
			if n := len(alone.ExpandPatterns()); n != product {
				t.Fatalf("%+v expands to %d patterns, want %d", m, n, product)
			}
		}
		for _, pattern := range got {
			if !want[pattern] {
				t.Fatalf("no entry lists %+v, or it is there twice", pattern)
			}
			delete(want, pattern)
		}
		if len(want) > 0 {
			t.Fatalf("missing: %+v", want)
		}
	})
}

// TestExpandKeepsTheOrder: earlier entries come first, within an entry the
// lists run as loops do, the last one fastest.
func TestExpandKeepsTheOrder(t *testing.T) {
	exp := defaults()
	exp.Patterns = &Patterns{Matrix: []MatrixEntry{
		{DefectImages: OneOrMany[int]{18, 10}, RegularizationImages: OneOrMany[int]{50, 0}},
		{DefectImages: OneOrMany[int]{10}, RegularizationImages: OneOrMany[int]{0, 7}},
	}}
	var got []string
	for _, p := range exp.ExpandPatterns() {
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
		exp := drawMatrix(t)
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
