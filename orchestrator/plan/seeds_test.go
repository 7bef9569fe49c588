package plan

import (
	"maps"
	"reflect"
	"slices"
	"testing"

	"kizu/orchestrator/stage"
)

// TestSameNoiseInEveryPattern: at one seed the i-th image of every pattern
// starts from the same photo and the same noise; at another from another noise.
func TestSameNoiseInEveryPattern(t *testing.T) {
	p := article(t)
	first := map[int64][]stage.NewImage{}
	training := map[int64]int64{}
	for _, cell := range p.Cells {
		if cell.Pattern == nil {
			continue
		}
		images := cell.Generate.Spec.(stage.Generate).NewImages()
		if same, ok := first[cell.Seed]; ok && !reflect.DeepEqual(same, images) {
			t.Errorf("%s, seed %d, draws other sources or noise", cell.Name, cell.Seed)
		}
		first[cell.Seed] = images
		if cell.Train == nil {
			continue
		}
		seed := cell.Train.Spec.(stage.TrainLoRA).Seed
		if same, ok := training[cell.Seed]; ok && same != seed {
			t.Errorf("%s, seed %d, trains with another seed", cell.Name, cell.Seed)
		}
		training[cell.Seed] = seed
	}
	distinct := map[int64]bool{}
	for _, images := range first {
		for i, img := range images {
			distinct[img.Seed] = true
			if img.Source != first[0][i].Source || img.Name != first[0][i].Name {
				t.Errorf("image %d has another source at another seed", i)
			}
		}
	}
	for _, seed := range training {
		distinct[seed] = true
	}
	if len(first) != 3 || len(distinct) != 3*64+3 {
		t.Errorf("%d distinct seeds at %d seeds of the experiment", len(distinct), len(first))
	}
}

// TestSameClassifierSeedInEveryCondition: conditions differ in their training
// images alone, and are tested on the same images at every seed.
func TestSameClassifierSeedInEveryCondition(t *testing.T) {
	p := article(t)
	seeds := map[int64]int64{}
	var tests []stage.Labeled
	for _, cell := range p.Cells {
		if cell.Condition == nil {
			continue
		}
		spec := cell.Classify.Spec.(stage.Classify)
		if same, ok := seeds[cell.Seed]; ok && same != spec.Seed {
			t.Errorf("%s, seed %d, has another classifier seed", cell.Name, cell.Seed)
		}
		seeds[cell.Seed] = spec.Seed
		if tests != nil && !slices.Equal(tests, spec.Test) {
			t.Errorf("%s, seed %d, is tested on other images", cell.Name, cell.Seed)
		}
		tests = spec.Test
	}
	if values := slices.Compact(slices.Sorted(maps.Values(seeds))); len(values) != 3 {
		t.Errorf("classifier seeds %v", seeds)
	}
	for _, test := range tests {
		if img, ok := p.Image(test.Path); !ok || img.Name != test.Name {
			t.Errorf("test image %+v", test)
		}
	}
}

// TestSourcesAreTakenInTurn: with more images to generate than photos to start
// from, every photo is used equally often.
func TestSourcesAreTakenInTurn(t *testing.T) {
	p := smallPlan(t)
	generated := find(t, p, "generated", 0).Classify.Needs[0].Spec.(stage.Generate) // 4 images and 16 held out, from 3 photos
	var used []int
	for _, img := range generated.NewImages() {
		for i, photo := range p.Division.Train["good"] {
			if img.Source == stage.ByHash(photo.SHA256) {
				used = append(used, i)
			}
		}
	}
	if len(used) != 4+HeldOut || !slices.Equal(used[:4], []int{0, 1, 2, 0}) || used[19] != 1 {
		t.Errorf("sources %v", used)
	}
	if images := generated.NewImages(); images[0].Seed == images[3].Seed {
		t.Error("the same photo with the same noise twice")
	}
}
