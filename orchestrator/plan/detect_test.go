package plan

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"kizu/orchestrator/stage"
)

// alone is the small experiment with a detector.
var alone = strings.Replace(small, "classifier: {weights", "  detectors: {alone: {good: {real: 5}}}\nclassifier: {weights", 1)

// TestDetectorKeys: a detector is a task more for each seed, that needs no other and changes no
// other's key.
func TestDetectorKeys(t *testing.T) {
	exp := parse(t, alone)
	p := build(t, exp, smallInputs(t, exp))
	var before, after []string
	for _, task := range smallPlan(t).Tasks {
		before = append(before, task.Key)
	}
	for _, task := range p.Tasks {
		if task.Kind != stage.KindDetect {
			after = append(after, task.Key)
		} else if len(task.Needs) > 0 {
			t.Errorf("%s needs %q", task.Label, task.Needs[0].Label)
		}
	}
	if !slices.Equal(before, after) || len(p.Tasks) != len(before)+len(exp.Seeds) {
		t.Errorf("%d tasks, %d without detectors", len(p.Tasks), len(before))
	}
	cell := find(t, p, "alone", 1)
	spec := cell.Detect.Spec.(stage.Detect)
	tested := find(t, p, "real", 1).Classify.Spec.(stage.Classify).Test
	if !slices.Equal(spec.Test, tested) {
		t.Error("a detector is tested on other photos than classifiers")
	}
	for i, img := range spec.Train {
		if photo := p.Division.Train["good"][i]; img.Path != stage.ByHash(photo.SHA256) || img.Class != 0 || img.Fold != i%5+1 {
			t.Errorf("photo %d is %+v", i, img)
		}
	}
	view := p.cellView(cell).Condition
	if got := fmt.Sprint(view.Classes[0].Real, view.Classes[1].Real, view.Classes[1].Test, view.Steps); got != "5 0 2 0" {
		t.Errorf("the plan says %s", got)
	}
	for change, same := range map[string]bool{"epochs: 2": true, "weights: none": false} {
		other := parse(t, strings.Replace(alone, change, map[string]string{"epochs: 2": "epochs: 3", "weights: none": "weights: none, resolution: 64"}[change], 1))
		if key := find(t, build(t, other, smallInputs(t, other)), "alone", 1).Detect.Key; (key == cell.Detect.Key) != same {
			t.Errorf("%s: the key stays: %v", change, !same)
		}
	}
}

// TestDetectorsSeeAllTiles of a photo, which share its name and its fold.
func TestDetectorsSeeAllTiles(t *testing.T) {
	exp := seen(t, "fit: tiles", alone)
	p := build(t, exp, inputs(t, exp, marked(photos(map[string]int{"good": 10, "crack": 6, "cut": 6}))))
	spec := find(t, p, "alone", 0).Detect.Spec.(stage.Detect)
	if photos := spec.Remembered(); len(photos) != 5 || len(spec.Train) != 15 || len(spec.Test) != 24 {
		t.Errorf("%d photos in %d tiles, %d tested", len(photos), len(spec.Train), len(spec.Test))
	}
	folds := map[string]int{}
	for _, tile := range spec.Train {
		if fold, known := folds[tile.Name]; known && fold != tile.Fold {
			t.Errorf("%s is in folds %d and %d", tile.Name, fold, tile.Fold)
		}
		folds[tile.Name] = tile.Fold
	}
	if classes := CompositionOf(find(t, p, "alone", 0).Detect).Classes; classes[0] != (ClassView{Class: "good", Real: 5, Test: 4, Tiles: 15, TestTiles: 12}) {
		t.Errorf("%+v", classes)
	}
}

// TestDetectorLeaks: what a detector remembers may not be tested on, nor its part.
func TestDetectorLeaks(t *testing.T) {
	exp := parse(t, alone)
	in := smallInputs(t, exp)
	leaked := in.Division.Test["good"][1]
	in.Division.Train["good"][4] = leaked // the last, which nothing else draws first
	p, err := Build(exp, in)
	var leak *LeakError
	if !errors.As(err, &leak) {
		t.Fatalf("got %v", err)
	}
	p.Experiment.Patterns = nil
	detector := find(t, p, "alone", 0).Detect
	if way := p.lineage(detector)[leaked.SHA256]; way != `training image of detector "alone", seed 0` {
		t.Errorf("it came as %q", way)
	}
	fails(t, p.leak(detector, detector.PhotosAs(stage.Test)), `1 test image reaches the training of detector "alone", seed 0`, leaked.Name)
}

// TestDetectorsAskForPhotos that can be held out, and for enough of them.
func TestDetectorsAskForPhotos(t *testing.T) {
	exp := parse(t, strings.Replace(alone, "real: 5}", "real: 99}", 1))
	_, err := Build(exp, smallInputs(t, exp))
	fails(t, err, "study 2's detectors", "99")

	exp = parse(t, alone)
	in := smallInputs(t, exp)
	for i := range in.Division.Train["good"] {
		in.Division.Train["good"][i].Part = "7"
	}
	_, err = Build(exp, in)
	fails(t, err, `"alone": its 5 good photos show one part`, "conditions.detectors.alone.good.real")
}

// TestDetectorsHaveNoAccuracy, so they add no comparison to what a study can show.
func TestDetectorsHaveNoAccuracy(t *testing.T) {
	exp := parse(t, alone)
	if d, _ := designOf(build(t, exp, smallInputs(t, exp))); d.Conditions != 3 {
		t.Errorf("%d conditions", d.Conditions)
	}
}
