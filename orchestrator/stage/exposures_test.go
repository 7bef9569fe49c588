package stage

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"kizu/orchestrator/experiment"
)

// exposureTable is the table that tests scripts/lora/regularization.py too. The first
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
	ClassRepeats int    `json:"class_repeats"`
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
			LoRATraining: experiment.LoRATraining{Regularization: c.Mode, Repeats: c.Repeats, RegularizationRepeats: c.ClassRepeats, BatchSize: c.BatchSize},
			Steps:        c.Steps, Seed: c.Seed,
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
		LoRATraining: experiment.LoRATraining{Regularization: Kohya, Repeats: 10, BatchSize: 1}, Steps: 1000,
	}
	if got := spec.Exposures().Class; got.Distinct != 180 || got.Unused() != 211 {
		t.Errorf("%+v", got)
	}
}
