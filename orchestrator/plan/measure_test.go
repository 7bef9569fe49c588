package plan

import (
	"slices"
	"testing"
)

// Every pattern's images are measured, and one set of photos for all of them,
// with the same network and the same calibration.
func TestMeasure(t *testing.T) {
	p := smallPlan(t)
	var photos *Task
	for _, cell := range p.Cells {
		if cell.Generate == nil {
			if cell.Measure != nil || cell.Photos != nil {
				t.Errorf("condition %q is measured", cell.Name)
			}
			continue
		}
		if photos == nil {
			photos = cell.Photos
		}
		of, compared := listed(cell.Measure.Spec.(Measure)), cell.Photos.Spec.(Measure)
		if cell.Photos != photos || !slices.Equal(cell.Measure.Needs, []*Task{cell.Generate}) || len(photos.Needs) > 0 {
			t.Errorf("%q needs %q", cell.Name, ids(cell.Measure.Needs))
		}
		if of.Weights != compared.Weights || !slices.Equal(of.Calibration, compared.Calibration) || len(of.Calibration) == 0 {
			t.Errorf("%q is measured otherwise than its photos", cell.Name)
		}
		if len(of.Images) != 3 || of.Images[2] != artifact(cell.Generate, "images/0002.png") {
			t.Errorf("%q: features of %q", cell.Name, of.Images)
		}
	}
	// Six cracks, of which at most four train a LoRA, and the three sources.
	spec := photos.Spec.(Measure)
	if len(spec.Images) != 6+3 {
		t.Errorf("features of %d photos", len(spec.Images))
	}
	train := find(t, p, "4 defect, 3 regularization", 0).Train.Spec.(TrainLoRA)
	if !slices.Equal(spec.Images[:4], train.Instance.Images) {
		t.Error("the photos that train LoRAs do not come first")
	}
	for i, img := range find(t, p, "no LoRA", 0).Generate.Spec.(Generate).NewImages() {
		if spec.Images[6+i] != img.Source {
			t.Errorf("source %d is not measured", i)
		}
	}
	for _, img := range p.Division.Test["good"] {
		if slices.Contains(spec.Calibration, imageRef(img)) {
			t.Errorf("test image %s calibrates the features", img.Name)
		}
	}
}

// Images that train nothing follow those that train, and a classifier without
// generated images has none.
func TestHeldOut(t *testing.T) {
	p := smallPlan(t)
	for name, classes := range map[string]int{"real": 0, "generated": 3, "both": 3} {
		spec := find(t, p, name, 0).Classify.Spec.(Classify)
		images := spec.HeldOutImages()
		if len(images) != classes*heldOutGenerated {
			t.Errorf("%q has %d images held out", name, len(images))
		}
		trained := listed(spec).Train
		for _, img := range images {
			if slices.ContainsFunc(trained, func(used Labeled) bool { return used.Path == img.Path }) {
				t.Errorf("%q is trained on %s", name, img.Name)
			}
		}
	}
	if spec := find(t, p, "both", 0).Classify.Spec.(Classify); spec.HeldOutImages()[0].Name != "generated/good/0004.png" {
		t.Errorf("the first image held out is %s", spec.HeldOutImages()[0].Name)
	}
}
