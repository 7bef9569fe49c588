package plan

import (
	"slices"
	"strings"
	"testing"

	"kizu/orchestrator/stage"
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
		of, compared := listed(cell.Measure.Spec.(stage.Measure)), cell.Photos.Spec.(stage.Measure)
		if cell.Photos != photos || !slices.Equal(cell.Measure.Needs, []*Task{cell.Generate}) || len(photos.Needs) > 0 {
			t.Errorf("%q needs %q", cell.Name, IDs(cell.Measure.Needs))
		}
		if of.Weights != compared.Weights || !slices.Equal(of.Calibration, compared.Calibration) || len(of.Calibration) == 0 {
			t.Errorf("%q is measured otherwise than its photos", cell.Name)
		}
		if len(of.Images) != 3 || of.Images[2] != cell.Generate.file("images/0002.png") {
			t.Errorf("%q: features of %q", cell.Name, of.Images)
		}
	}
	// Six cracks, of which at most four train a LoRA, and the three sources.
	spec := photos.Spec.(stage.Measure)
	if len(spec.Images) != 6+3 {
		t.Errorf("features of %d photos", len(spec.Images))
	}
	train := find(t, p, "4 defect, 3 regularization", 0).Train.Spec.(stage.TrainLoRA)
	if !slices.Equal(spec.Images[:4], train.Instance.Images) {
		t.Error("the photos that train LoRAs do not come first")
	}
	if !slices.Equal(spec.Mirrored, train.Instance.Images) {
		t.Errorf("%d photos are measured mirrored, want those that train LoRAs", len(spec.Mirrored))
	}
	for i, img := range find(t, p, "no LoRA", 0).Generate.Spec.(stage.Generate).NewImages() {
		if spec.Images[6+i] != img.Source {
			t.Errorf("source %d is not measured", i)
		}
	}
	for _, img := range p.Division.Test["good"] {
		if slices.Contains(spec.Calibration, stage.ByHash(img.SHA256)) {
			t.Errorf("test image %s calibrates the features", img.Name)
		}
	}
}

// The same photos, and mirror images, are measured autoencoded, with the same
// network; once for every resolution that images are made at.
func TestMeasureAutoencoded(t *testing.T) {
	exp := parse(t, strings.Replace(small, "steps: [5, 20]}", "steps: 5, resolution: [512, 64]}", 1))
	p := build(t, exp, smallInputs(t, exp))
	seen := map[int]*Task{}
	for _, cell := range p.Cells {
		if cell.Generate == nil {
			continue
		}
		of, photos := cell.Autoencoded.Spec.(stage.Measure), cell.Photos.Spec.(stage.Measure)
		pictures := cell.Autoencoded.Needs[0]
		made := pictures.Spec.(stage.Autoencode)
		if want := cell.Generate.Spec.(stage.Generate).Resolution; made.Resolution != want {
			t.Errorf("%q is compared with photos autoencoded at %d pixels", cell.Name, made.Resolution)
		}
		if known := seen[made.Resolution]; known != nil && known != cell.Autoencoded {
			t.Errorf("%q has autoencoded photos of its own", cell.Name)
		}
		seen[made.Resolution] = cell.Autoencoded
		if !slices.Equal(made.Images, photos.Images[:6]) || !slices.Equal(made.Mirrored, photos.Mirrored) {
			t.Errorf("%q: other photos are autoencoded than are measured", cell.Name)
		}
		if of.Weights != photos.Weights || !slices.Equal(of.Calibration, photos.Calibration) || of.Folder != pictures.file("images") || of.Measured() != made.Made() {
			t.Errorf("%q: autoencoded photos are measured otherwise", cell.Name)
		}
	}
	if len(seen) != 2 {
		t.Errorf("%d resolutions", len(seen))
	}
}

// Images that train nothing follow those that train, and a classifier without
// generated images has none.
func TestHeldOut(t *testing.T) {
	p := smallPlan(t)
	for name, classes := range map[string]int{"real": 0, "generated": 3, "both": 3} {
		spec := find(t, p, name, 0).Classify.Spec.(stage.Classify)
		images := spec.HeldOutImages()
		if len(images) != classes*HeldOut {
			t.Errorf("%q has %d images held out", name, len(images))
		}
		trained := listed(spec).Train
		for _, img := range images {
			if slices.ContainsFunc(trained, func(used stage.Labeled) bool { return used.Path == img.Path }) {
				t.Errorf("%q is trained on %s", name, img.Name)
			}
		}
	}
	if spec := find(t, p, "both", 0).Classify.Spec.(stage.Classify); spec.HeldOutImages()[0].Name != "generated/good/0004.png" {
		t.Errorf("the first image held out is %s", spec.HeldOutImages()[0].Name)
	}
}
