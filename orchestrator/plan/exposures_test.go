package plan

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// exposureTable is the table that tests scripts/regularization.py too. The first
// part is counted by hand: whole epochs, where the shuffle plays no part.
type exposureTable struct {
	ByHand      []exposureCase `json:"counted_by_hand"`
	ByStage     []exposureCase `json:"counted_by_stage"`
	Permutation struct {
		Seed    int64  `json:"seed"`
		Purpose string `json:"purpose"`
		Index   int    `json:"index"`
		Want    []int  `json:"want"`
	} `json:"permutation"`
}

type exposureCase struct {
	Mode         string `json:"mode"`
	Instance     int    `json:"instance"`
	Class        int    `json:"class"`
	Repeats      int    `json:"repeats"`
	BatchSize    int    `json:"batch_size"`
	Steps        int    `json:"steps"`
	Seed         int64  `json:"seed"`
	WantInstance Uses   `json:"want_instance"`
	WantClass    Uses   `json:"want_class"`
}

func readExposureTable(t *testing.T) exposureTable {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "exposures.json"))
	if err != nil {
		t.Fatal(err)
	}
	var table exposureTable
	if err := json.Unmarshal(text, &table); err != nil {
		t.Fatal(err)
	}
	return table
}

func TestExposures(t *testing.T) {
	table := readExposureTable(t)
	cases := slices.Concat(table.ByHand, table.ByStage)
	if len(table.ByHand) < 20 || len(table.ByStage) < 10 {
		t.Fatalf("only %d cases", len(cases))
	}
	for _, c := range cases {
		got := TrainLoRA{
			Instance: Prompted{Images: make([]Ref, c.Instance)}, Class: Prompted{Images: make([]Ref, c.Class)},
			Regularization: c.Mode, Repeats: c.Repeats, BatchSize: c.BatchSize, Steps: c.Steps, Seed: c.Seed,
		}.Exposures()
		if got.Steps != c.Steps || got.Instance != c.WantInstance || got.Class != c.WantClass {
			t.Errorf("%s %d/%d × %d, batch %d, %d steps: %+v, want %+v and %+v",
				c.Mode, c.Instance, c.Class, c.Repeats, c.BatchSize, c.Steps, got, c.WantInstance, c.WantClass)
		}
	}
}

func TestPermutation(t *testing.T) {
	p := readExposureTable(t).Permutation
	if got := permutation(p.Seed, p.Purpose, p.Index, len(p.Want)); !slices.Equal(got, p.Want) {
		t.Errorf("%v, want %v", got, p.Want)
	}
}

// TestUnused: sd-scripts' rule leaves 211 of the article's 391 images out.
func TestUnused(t *testing.T) {
	spec := TrainLoRA{
		Instance: Prompted{Images: make([]Ref, 18)}, Class: Prompted{Images: make([]Ref, 391)},
		Regularization: Kohya, Repeats: 10, BatchSize: 1, Steps: 1000,
	}
	if got := spec.Exposures().Class; got.Distinct != 180 || got.Unused() != 211 {
		t.Errorf("%+v", got)
	}
}

// TestModesReachTheTrainings: what a file says of regularization is what its
// trainings are counted by.
func TestModesReachTheTrainings(t *testing.T) {
	for mode, want := range map[string]Uses{ // of 3 good images by 4 defect images in 10 steps
		"exact":             {Given: 3, Distinct: 3, Min: 3, Max: 4},
		"kohya, repeats: 1": {Given: 3, Distinct: 3, Min: 1, Max: 4}, // one epoch of 8: the first twice, the others once
		"diffusers":         {Given: 3, Distinct: 3, Min: 2, Max: 6}, // two epochs of 4: the first twice in each
	} {
		exp := parse(t, strings.Replace(small, "lora: {", "lora: {regularization: "+mode+", ", 1))
		p := build(t, exp, smallInputs(t, exp))
		spec := find(t, p, "4 defect, 3 regularization", 0).Train.Spec.(TrainLoRA)
		got := spec.Exposures()
		if got.Steps != 10 || got.Class.Given != want.Given || got.Class.Distinct != want.Distinct || got.Class.Min < want.Min || got.Class.Max > want.Max {
			t.Errorf("%s: %+v, want about %+v", mode, got, want)
		}
		if (spec.Repeats != 0) != (spec.Regularization == Kohya) {
			t.Errorf("%s: repeats %d", mode, spec.Repeats)
		}
	}
}
