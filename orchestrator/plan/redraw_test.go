package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/stage"
)

// nested has two counts of photos and generated images of fewer still, all of 8 good and
// 8 photos of each defect for training.
const nested = `name: nested
dataset: {format: folders, root: data, noun: board, defects: [crack, cut]}
base: tiny
seeds: [0, 1, 2]
lora: {rank: 2, steps: 10}
conditions:
  test: {good: 4, defects: 2}
  lora: {good_images: 3, defect_images: 2}
  training_sets:
    few: {good: {real: 3}, defects: {real: 2}}
    more: {good: {real: 5}, defects: {real: 4}}
    both: {good: {real: 3, generated: 2}, defects: {real: 2, generated: 4}}
classifier: {weights: none, epochs: 2}
`

const redrawn = "  redraw: true\n  training_sets:"

func nestedPlan(t *testing.T, text string) *Plan {
	t.Helper()
	exp := parse(t, text)
	return build(t, exp, inputs(t, exp, photos(map[string]int{"good": 12, "crack": 10, "cut": 10})))
}

// TestRedraw: every seed draws its own training photos, the same for all conditions, the
// fewer among the more, and with them those of its LoRAs; all are tested on the same. Seed
// 0 draws what every seed does otherwise.
func TestRedraw(t *testing.T) {
	usual, p := nestedPlan(t, nested), nestedPlan(t, strings.Replace(nested, "  training_sets:", redrawn, 1))
	draws := map[string]bool{}
	var tests []stage.Labeled
	for seed := range int64(3) {
		few, more, both := find(t, p, "few", seed).Classify, find(t, p, "more", seed).Classify, find(t, p, "both", seed).Classify
		ofFew, ofMore, ofBoth := p.lineage(few), p.lineage(more), p.lineage(both)
		if len(ofFew) != 3+2+2 || len(ofMore) != 5+4+4 {
			t.Errorf("seed %d: %d and %d photos", seed, len(ofFew), len(ofMore))
		}
		for hash := range ofFew {
			if ofMore[hash] == "" {
				t.Errorf("seed %d: a photo of few is not in more", seed)
			}
		}
		if !maps.EqualFunc(ofFew, ofBoth, func(string, string) bool { return true }) {
			t.Errorf("seed %d: generated images are made from other photos than those of the seed", seed)
		}
		if usual := find(t, usual, "both", seed).Classify.Key; (usual == both.Key) != (seed == 0) {
			t.Errorf("seed %d: classifier %s is %s without redraw", seed, both.Key, usual)
		}
		draws[fmt.Sprint(slices.Sorted(maps.Keys(ofFew)))] = true
		test := few.Spec.(stage.Classify).Test
		if tests != nil && !slices.Equal(test, tests) {
			t.Errorf("seed %d is tested on other photos", seed)
		}
		tests = test
	}
	if len(draws) != 3 {
		t.Errorf("%d draws of 3 seeds", len(draws))
	}
	keys(t, p) // every task has a label of its own
}

// TestRedrawnRolesAndNote: roles tell the seeds that drew a photo, and the plan of how many
// they draw.
func TestRedrawnRolesAndNote(t *testing.T) {
	p := nestedPlan(t, strings.Replace(nested, "  training_sets:", redrawn, 1))
	hashes := map[string]string{}
	for _, img := range p.Set.Images {
		hashes[img.Name] = img.SHA256
	}
	for _, photo := range p.Roles() {
		for _, use := range photo.Roles {
			var drew []int64
			for _, cell := range p.Cells {
				if use.Role == stage.Training && p.lineage(cell.Classify)[hashes[photo.Photo]] != "" && !slices.Contains(drew, cell.Seed) {
					drew = append(drew, cell.Seed)
				}
			}
			slices.Sort(drew)
			if use.Role == stage.Training && !slices.Equal(drew, use.Seeds) || use.Role == stage.Test && use.Seeds != nil {
				t.Errorf("%s: %s, drawn by %v", photo.Photo, photo.Text(), drew)
			}
		}
	}
	const want = "every seed draws its own photos for training: 5 of 8 good, 4 of 8 crack, 4 of 8 cut"
	if note := p.RedrawNote(); note != want {
		t.Errorf("%q", note)
	}
	whole := nestedPlan(t, strings.NewReplacer("  training_sets:", redrawn, "defects: {real: 4}", "defects: {real: 8}").Replace(nested))
	if note := whole.RedrawNote(); !strings.HasSuffix(note, "; all of crack and cut are used, so that nothing is drawn anew there: ask for fewer") {
		t.Errorf("%q", note)
	}
	if note := nestedPlan(t, nested).RedrawNote(); note != "" {
		t.Errorf("%q without redraw", note)
	}
}

// TestRedrawnLeaks: a test photo that a later seed alone draws is refused.
func TestRedrawnLeaks(t *testing.T) {
	exp := parse(t, strings.NewReplacer("  training_sets:", redrawn, "[0, 1, 2]", "[0, 1, 2, 3, 4]").Replace(nested))
	in := inputs(t, exp, photos(map[string]int{"good": 12, "crack": 10, "cut": 10}))
	leaked := in.Division.Test["crack"][1]
	in.Division.Train["crack"] = append(in.Division.Train["crack"], leaked) // which seed 0 does not reach
	reached := slices.ContainsFunc(exp.Seeds, func(seed int64) bool {
		return slices.ContainsFunc(in.Division.Redrawn(seed).Train["crack"][:4], func(img dataset.Image) bool { return img.SHA256 == leaked.SHA256 })
	})
	if _, err := Build(exp, in); !reached {
		t.Fatal("no seed draws the photo: the test tests nothing")
	} else {
		fails(t, err, leaked.Name)
	}
}
