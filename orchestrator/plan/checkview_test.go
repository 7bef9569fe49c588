package plan

import (
	"slices"
	"testing"

	"kizu/orchestrator/dataset"
)

func TestSizes(t *testing.T) {
	for want, forms := range map[string][]FormView{
		"–":                {},
		"300×300 L":        {{300, 300, "L", 12}},
		"300×300 L, 1 RGB": {{300, 300, "L", 12}, {300, 300, "RGB", 1}},
		"100–616 × 80–480, mostly 300×300 (412), RGB, 12 L":   {{300, 300, "RGB", 402}, {300, 300, "L", 10}, {616, 80, "RGB", 86}, {100, 480, "L", 2}},
		"100 × 80–82, no two alike, RGB":                      {{100, 80, "RGB", 1}, {100, 81, "RGB", 1}, {100, 82, "RGB", 1}},
		"640 × 480–481, mostly 640×481 (4), L;16, 2 RGB, 1 P": {{640, 480, "RGB", 1}, {640, 481, "RGB", 1}, {640, 481, "L;16", 3}, {640, 480, "P", 1}},
	} {
		if got := (FolderView{Forms: forms}).Sizes(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestLeftOutNotes(t *testing.T) {
	c := &Checkup{}
	if notes := c.LeftOutNotes(); len(notes) > 0 {
		t.Errorf("nothing is left out, and %q", notes)
	}
	c.Duplicates = []dataset.Duplicate{{Name: "good/2.png", Same: "good/1.png"}, {Name: "good/3.png", Same: "good/1.png"}}
	c.LeftOut = []dataset.LeftOut{
		{Name: "good/sub/", Why: dataset.TooDeep, Files: 12}, {Name: "good/*.gif", Why: dataset.OtherKind, Files: 1},
		{Name: "dent/*.heic", Why: dataset.OtherKind, Files: 2}, {Name: "dent/.*", Why: dataset.Hidden, Files: 3},
		{Name: "scratch/", Why: dataset.NoClass, Files: 31}, {Name: "masks_old/", Why: dataset.NoClass},
	}
	want := []string{
		"left out: 2 copies (good/2.png, …), 12 in a class's subfolder (good/sub/), 3 of a kind that is not read (good/*.gif, …), 3 hidden (dent/.*)",
		"folders that no class names: scratch/ (31 photos), masks_old/",
	}
	if notes := c.LeftOutNotes(); !slices.Equal(notes, want) {
		t.Errorf("got %q, want %q", notes, want)
	}
}

// TestTightest: of the uses of a class, the one with the fewest photos to spare is
// shown, and testing apart.
func TestTightest(t *testing.T) {
	c := &Checkup{Needs: []PhotoRequirement{
		{"good", testedOn, 40, 40, ""}, {"good", "study 1's regularization", 391, 50, ""},
		{"hole", testedOn, 18, 8, ""}, {"hole", "study 1's LoRAs", 18, 18, ""}, {"hole", "study 2's LoRAs", 10, 10, ""}, {"hole", "study 2's classifiers", 10, 12, ""},
	}}
	if need, ok := c.Tightest("hole"); !ok || need.Have != 10 || need.Want != 12 {
		t.Errorf("hole: %+v", need)
	}
	if need, ok := c.Tested("hole"); !ok || need.Want != 8 {
		t.Errorf("hole is tested on by %+v", need)
	}
	if _, ok := c.Tightest("dent"); ok {
		t.Error("nothing is asked of a class that is not there")
	}
}

// TestSeenNotes: of all classes, the range of what is cut away and the smallest defect.
func TestSeenNotes(t *testing.T) {
	c := &Checkup{Photos: []FolderView{
		{Class: "good", Seen: []SeenView{{Network: "LoRAs", Resolution: 64, CutMean: 0.2, CutWorst: 0.5, Worst: "good/1.png"}, {Network: "classifiers", Resolution: 96, CutMean: 0.2, CutWorst: 0.5, Worst: "good/1.png"}}},
		{Class: "dent", Seen: []SeenView{{Network: "LoRAs", Resolution: 64, Smallest: "dent/3.png", SmallestPx: 30}, {Network: "classifiers", Resolution: 96, Smallest: "dent/3.png", SmallestPx: 70}}},
		{Class: "hole", Seen: []SeenView{{Network: "LoRAs", Resolution: 64, CutMean: 0.31, CutWorst: 0.7, Worst: "hole/2.png", Smallest: "hole/9.png", SmallestPx: 2.46}, {Network: "classifiers", Resolution: 96, CutMean: 0.31, CutWorst: 0.7, Worst: "hole/2.png", Smallest: "hole/9.png", SmallestPx: 5}}},
	}}
	want := []string{
		"cut away for LoRAs and classifiers: 0–31 % of a photo on average, at most 70 % (hole/2.png)",
		"smallest defect: 2.5 pixels to LoRAs at 64×64 (hole/9.png)",
		"smallest defect: 5.0 pixels to classifiers at 96×96 (hole/9.png)",
	}
	if notes := c.SeenNotes(); !slices.Equal(notes, want) {
		t.Errorf("got %q, want %q", notes, want)
	}
	if notes := (&Checkup{Photos: []FolderView{{Class: "good", Seen: []SeenView{{Network: "LoRAs", CutWorst: 0.02}}}}}).SeenNotes(); len(notes) > 0 {
		t.Errorf("two per cent are worth %q", notes)
	}
}
