package result

import (
	"fmt"
	"strings"
	"testing"
)

// table makes the runs of a condition from rows of right (1) and wrong (0)
// answers, one row a seed; sizes are the images of each class.
func table(t *testing.T, sizes []int, rows ...[]int) *Runs {
	t.Helper()
	var list []*Predictions
	var seeds []int64
	var labels []int
	for class, n := range sizes {
		for range n {
			labels = append(labels, class)
		}
	}
	for s, row := range rows {
		predicted := make([]int, len(row))
		for i, right := range row {
			predicted[i] = (labels[i] + 1 - right) % len(sizes)
		}
		list = append(list, predictions(len(sizes), labels, predicted))
		seeds = append(seeds, int64(s))
	}
	runs, err := NewRuns(seeds, list)
	if err != nil {
		t.Fatal(err)
	}
	return runs
}

func TestRunsOfOtherImages(t *testing.T) {
	one := predictions(2, []int{0, 1}, []int{0, 1})
	fewer := predictions(2, []int{0}, []int{0})
	other := predictions(2, []int{0, 1}, []int{0, 1})
	other.Images[1].Image = "another"
	for want, p := range map[string]*Predictions{
		"seed 4 was tested on other classes or images than seed 3": fewer,
		`test image 2 is "another" for seed 4 and "1" for seed 3`:  other,
	} {
		if _, err := NewRuns([]int64{3, 4}, []*Predictions{one, p}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if _, err := NewRuns(nil, nil); err == nil {
		t.Error("no runs were joined")
	}
}

// A class of one image shares the stratum of its neighbour.
func TestStratify(t *testing.T) {
	for want, labels := range map[string][]int{
		"[[0 1] [2 3]]":   {0, 0, 1, 1},
		"[[0 1 2] [3 4]]": {0, 1, 1, 2, 2},
		"[[0 1 2]]":       {0, 0, 2},
		"[[0]]":           {1},
	} {
		if got := fmt.Sprint(stratify(labels, 3)); got != want {
			t.Errorf("of %v: %s, want %s", labels, got, want)
		}
	}
}
