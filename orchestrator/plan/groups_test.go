package plan

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/stage"
)

const cells = `name: cells
dataset: {format: elpv, noun: solar cell, good: functional, defects: [defective mono, defective poly]}
base: tiny
patterns: {show: 4, baseline: true, matrix: [{defect_images: 3, regularization_images: 5}]}
conditions:
  test: {good: 4, defects: 2}
  lora: {good_images: 8, defect_images: 3}
  training_sets:
    made: {good: {generated: 4}, defects: {generated: 4}}
`

// solarCells are functional cells of both kinds, every third one poly, and
// defective cells.
func solarCells() *dataset.Set {
	set := photos(map[string]int{"functional": 40, "defective mono": 6, "defective poly": 6})
	for i := range set.Images {
		img := &set.Images[i]
		img.Variety = "mono"
		if img.Class == "defective poly" || img.Class == "functional" && i%3 == 0 {
			img.Variety = "poly"
		}
	}
	return set
}

// TestGroups: a LoRA of defective mono cells sees mono cells only, as instance
// and regularization images and as sources, under a prompt that says so; the
// good class is of both kinds.
func TestGroups(t *testing.T) {
	exp := parse(t, cells)
	p := build(t, exp, inputs(t, exp, solarCells()))
	groups := func(task *Task) string {
		t.Helper()
		found := map[string]bool{}
		for _, img := range p.Images(task) {
			found[img.Variety] = true
		}
		return fmt.Sprint(found)
	}
	tasks := map[string]*Task{}
	for _, task := range p.Tasks {
		tasks[task.Label] = task
	}
	for _, test := range []struct{ lora, images, noun, groups string }{
		{"LoRA defective mono, 3 defect, 5 regularization, seed 0", "images defective mono, 3 defect, 5 regularization, seed 0", "mono solar cell", "map[mono:true]"},
		{"LoRA defective mono, study 2, seed 0", "20 images defective mono, study 2, seed 0", "mono solar cell", "map[mono:true]"},
		{"LoRA defective poly, study 2, seed 0", "20 images defective poly, study 2, seed 0", "poly solar cell", "map[poly:true]"},
		{"LoRA functional, study 2, seed 0", "20 images functional, study 2, seed 0", "solar cell", "map[mono:true poly:true]"},
	} {
		lora, images := tasks[test.lora], tasks[test.images]
		if lora == nil || images == nil {
			t.Fatalf("no %q or %q among %v", test.lora, test.images, p.Tasks)
		}
		train, generate := lora.Spec.(stage.TrainLoRA), images.Spec.(stage.Generate)
		if train.Instance.Prompt != "shs "+test.noun || train.Class.Prompt != test.noun || generate.Prompt != "shs "+test.noun {
			t.Errorf("%s has the prompts %q, %q and %q", test.lora, train.Instance.Prompt, train.Class.Prompt, generate.Prompt)
		}
		if groups(lora) != test.groups || groups(images) != test.groups {
			t.Errorf("%s sees %s, its images start from %s; want %s", test.lora, groups(lora), groups(images), test.groups)
		}
	}
	baseline := find(t, p, "no LoRA", 0).Generate
	if spec := baseline.Spec.(stage.Generate); spec.LoRA != "" || spec.Prompt != "shs mono solar cell" || groups(baseline) != "map[mono:true]" || len(baseline.Needs) > 0 {
		t.Errorf("the baseline is %+v", spec)
	}
}

// TestRegularizationOfAGroup: when the first good images are all mono, poly
// cells have nothing to be regularized with; the error says so.
func TestRegularizationOfAGroup(t *testing.T) {
	exp := parse(t, cells)
	in := inputs(t, exp, solarCells())
	var mono, poly []dataset.Image
	for _, img := range in.Division.Train["functional"] {
		if img.Variety == "mono" {
			mono = append(mono, img)
		} else {
			poly = append(poly, img)
		}
	}
	in.Division.Train["functional"] = append(mono, poly...)
	_, err := Build(exp, in)
	fails(t, err, `none of the 8 good images for regularization is of group "poly", which class "defective poly" is of: ask for more`)
}

// TestShortages: too few images for any role is an error that says which class
// has how many, how many are needed and what for.
func TestShortages(t *testing.T) {
	const head = "name: small\ndataset: {format: folders, root: data, noun: board, defects: [crack]}\nbase: tiny\n"
	conditions := func(good, defects int, sets string) string {
		return fmt.Sprintf("conditions:\n  test: {good: 2, defects: 2}\n  lora: {good_images: %d, defect_images: %d}\n  training_sets: {made: {%s}}\n", good, defects, sets)
	}
	for _, test := range []struct {
		name, text string
		good       int // photos of the class good; there are 6 of the class crack
		want       dataset.ShortageError
	}{
		{"LoRA of study 1", head + "patterns: {matrix: [{defect_images: 7}]}\n", 5, dataset.ShortageError{Class: "crack", Have: 6, Want: 7, Use: "study 1's LoRAs"}},
		{"regularization", head + "patterns: {matrix: [{defect_images: 2, regularization_images: 6}]}\n", 5, dataset.ShortageError{Class: "good", Have: 5, Want: 6, Use: "study 1's regularization"}},
		{"sources", head + "patterns: {baseline: true}\n", 0, dataset.ShortageError{Class: "good", Have: 0, Want: 1, Use: "study 1's sources of generated images"}},
		{"good LoRA of study 2", head + conditions(4, 2, "good: {generated: 2}, defects: {real: 2}"), 5, dataset.ShortageError{Class: "good", Have: 3, Want: 4, Use: "study 2's LoRAs"}},
		{"regularization of study 2", head + conditions(4, 2, "good: {real: 2}, defects: {generated: 2}"), 5, dataset.ShortageError{Class: "good", Have: 3, Want: 4, Use: "study 2's regularization"}},
		{"defect LoRA of study 2", head + conditions(3, 5, "good: {real: 2}, defects: {generated: 2}"), 5, dataset.ShortageError{Class: "crack", Have: 4, Want: 5, Use: "study 2's LoRAs"}},
		{"good classifier images", head + conditions(1, 1, "good: {real: 4}, defects: {real: 1}"), 5, dataset.ShortageError{Class: "good", Have: 3, Want: 4, Use: "study 2's classifiers"}},
		{"defect classifier images", head + conditions(1, 1, "good: {real: 1}, defects: {real: 5}"), 5, dataset.ShortageError{Class: "crack", Have: 4, Want: 5, Use: "study 2's classifiers"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			exp := parse(t, test.text)
			in := inputs(t, exp, photos(map[string]int{"good": test.good, "crack": 6}))
			_, err := Build(exp, in)
			for _, short := range shortages(exp, in.Set, in.Division) {
				if !strings.Contains(err.Error(), short.Error()) {
					t.Errorf("%v is not in %v", short, err)
				}
				var got *dataset.ShortageError
				if !errors.As(short, &got) || got.Use != test.want.Use {
					continue
				}
				if study2 := strings.Contains(test.text, "conditions"); study2 != (got.Tested != "") {
					t.Errorf("the test images that would be next are %q", got.Tested)
				}
				if got.Tested = ""; *got == test.want {
					return
				}
			}
			t.Fatalf("got %v, want %v", err, &test.want)
		})
	}
}
