package plan

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/experiment"
	"kizu/orchestrator/stage"
)

// desk is a folder with everything that the small experiment refers to.
type desk struct {
	testing.TB
	root string
}

func newDesk(t testing.TB) desk {
	d := desk{t, t.TempDir()}
	for class, n := range map[string]int{"good": 10, "crack": 6, "cut": 6} {
		for i := range n {
			d.write(fmt.Sprintf("data/%s/%03d.png", class, i), fmt.Sprint("picture ", class, i))
		}
	}
	d.write("models/tiny/model_index.json", "{}")
	d.write("scripts/versions.json", `{"train_lora": 1, "generate": 1, "autoencode": 1, "classify": 1, "detect": 1, "measure": 1, "choose": 1, "judge": 1}`)
	d.write("weights/b0.safetensors", "weights")
	return d
}

func (d desk) write(name, text string) {
	d.Helper()
	path := filepath.Join(d.root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		d.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		d.Fatal(err)
	}
}

func (d desk) load(text string) (*Plan, error) {
	d.Helper()
	exp, err := experiment.Parse("small.yaml", d.root, []byte(text))
	if err != nil {
		d.Fatal(err)
	}
	return Load(exp, Machine{Scripts: filepath.Join(d.root, "scripts"), Models: filepath.Join(d.root, "models")})
}

func (d desk) plan(text string) *Plan {
	d.Helper()
	p, err := d.load(text)
	if err != nil {
		d.Fatal(err)
	}
	return p
}

// TestMovingEverythingKeepsKeys: another folder, another path in the file, an
// environment variable and another machine's folders give the same keys.
func TestMovingEverythingKeepsKeys(t *testing.T) {
	here, there := newDesk(t), newDesk(t)
	before := here.plan(small)
	if err := os.Rename(filepath.Join(there.root, "data"), filepath.Join(there.root, "photos")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KIZU_TEST_ROOT", there.root)
	for _, root := range []string{"photos", filepath.Join(there.root, "photos"), `"${KIZU_TEST_ROOT}/photos"`} {
		after := there.plan(strings.Replace(small, "root: data", "root: "+root, 1))
		if got := changed(t, before, after); len(got) > 0 {
			t.Errorf("root %s changes %q", root, got)
		}
	}
	for _, task := range before.Tasks {
		if strings.Contains(string(task.Identity()), here.root) {
			t.Errorf("the key of %s depends on a path: %s", task.Label, task.Identity())
		}
	}
}

// TestRenamingPhotos changes the classifiers only: the names of test images are
// part of their predictions.
func TestRenamingPhotos(t *testing.T) {
	d := newDesk(t)
	before := d.plan(small)
	for _, img := range before.Set.Images {
		if err := os.Rename(img.Path, filepath.Join(filepath.Dir(img.Path), "renamed "+filepath.Base(img.Path))); err != nil {
			t.Fatal(err)
		}
	}
	for _, label := range changed(t, before, d.plan(small)) {
		if !strings.HasPrefix(label, "classifier ") {
			t.Errorf("renaming photos changes %s", label)
		}
	}
}

// TestLoadWeights: a file counts by its content, wherever it lies.
func TestLoadWeights(t *testing.T) {
	d := newDesk(t)
	with := func(weights string) *Plan {
		return d.plan(strings.Replace(small, "weights: none", "weights: "+weights, 1))
	}
	before := with("weights/b0.safetensors")
	d.write("weights/copy.safetensors", "weights")
	if got := changed(t, before, with(filepath.Join(d.root, "weights/copy.safetensors"))); len(got) > 0 {
		t.Errorf("a copy of the weights changes %q", got)
	}
	d.write("weights/copy.safetensors", "other weights")
	if got := changed(t, before, with("weights/copy.safetensors")); len(got) != 2*3+2*7+2 {
		t.Errorf("other weights change %q, want the classifiers and the features", got)
	}
}

// TestTransformer: classifiers start from a vision transformer, which counts by its content, or
// is one of the hub's that a run downloads.
func TestTransformer(t *testing.T) {
	d := newDesk(t)
	with := func(weights string) string {
		return strings.Replace(small, "weights: none", "model: transformers, train: head, weights: "+weights, 1)
	}
	p := d.plan(with("dinov2"))
	spec := find(t, p, "real", 0).Classify.Spec.(stage.Classify)
	if spec.Model != "transformers" || spec.Weights != "name:facebook/dinov2-small" {
		t.Errorf("starts from %q of %s", spec.Weights, spec.Model)
	}
	if models, _ := p.Downloads(p.Tasks); len(models) != 1 || models[0].HubName() != "facebook/dinov2-small" {
		t.Errorf("downloads %v", models)
	}
	for name, config := range map[string]string{"vit": `{"patch_size": 15}`, "both": `{"patch_size": 1, "vision_config": {"patch_size": 15}}`} {
		d.write(name+"/config.json", config)
		_, err := d.load(with(name))
		if err == nil || !strings.Contains(err.Error(), "is no multiple of 15 pixels, the side of the patches that "+name+" sees: use 225") {
			t.Errorf("%s: %v", name, err)
		}
	}
	d.write("dino/config.json", "{}")
	d.write("copy/config.json", "{}")
	folder := d.plan(with("dino"))
	if got := changed(t, folder, d.plan(with("./copy"))); len(got) > 0 {
		t.Errorf("a copy of the model changes %q", got)
	}
	if path := folder.Path(find(t, folder, "real", 0).Classify.Spec.(stage.Classify).Weights, nil); path != filepath.Join(d.root, "dino") {
		t.Errorf("the model is at %s", path)
	}
	d.write("copy/config.json", "{ }")
	if got := changed(t, folder, d.plan(with("./copy"))); len(got) == 0 {
		t.Error("another model changes nothing")
	}
	if _, err := d.load(with("weights/b0.safetensors")); err == nil || !strings.Contains(err.Error(), "is no model of transformers") {
		t.Errorf("a file of weights: %v", err)
	}
}

// TestLoadFeatures: a folder counts by its content, a changed one is noticed, and
// the shorthands stand for models of the hub.
func TestLoadFeatures(t *testing.T) {
	d := newDesk(t)
	with := func(features string) *Plan {
		return d.plan(strings.Replace(small, "show: 3", "show: 3\n  features: "+features, 1))
	}
	before := d.plan(small)
	if got := changed(t, before, with("classifier")); len(got) > 0 || before.Encoder != nil {
		t.Errorf("the default, written down, changes %q", got)
	}
	for features, want := range map[string]stage.Ref{"dinov2": "name:facebook/dinov2-small", "clip": "name:openai/clip-vit-base-patch32", "a/b": "name:a/b"} {
		p := with(features)
		task := find(t, p, "4 defect, 3 regularization", 0).Measure
		spec := task.Spec.(stage.Measure)
		if spec.Weights != want || spec.Model != "transformers" || spec.Resolution != 0 || len(spec.Calibration) > 0 || spec.Count != 3 {
			t.Errorf("features %s: %+v", features, spec)
		}
		if got, want := changed(t, before, p), below(p, kind(stage.KindMeasure)); !slices.Equal(got, want) {
			t.Errorf("features %s changes %q", features, got)
		}
	}
	for _, folder := range []string{"dino", "copy"} {
		d.write(folder+"/config.json", "{}")
	}
	folder := with("dino")
	if got := changed(t, folder, with("./copy")); len(got) > 0 {
		t.Errorf("a copy of the model changes %q", got)
	}
	task := find(t, folder, "4 defect, 3 regularization", 0).Photos
	if path := folder.Path(task.Spec.(stage.Measure).Weights, nil); path != filepath.Join(d.root, "dino") {
		t.Errorf("the stage opens %s", path)
	}
	if err := folder.Changed(task, nil); err != nil {
		t.Error(err)
	}
	d.write("dino/config.json", `{"a": 1}`)
	fails(t, folder.Changed(task, nil), "dino was changed while the run was going")
}

// TestLoadKeepsSeenImagesFromTesting: what a base model lists as its training
// images may be trained on and is never tested on.
func TestLoadKeepsSeenImagesFromTesting(t *testing.T) {
	d := newDesk(t)
	tested := d.plan(small).Division.Test
	list := "name,sha256\n"
	for _, class := range []string{"good", "crack"} {
		list += tested[class][0].Name + "," + tested[class][0].SHA256 + "\n"
	}
	d.write("models/tiny/training_images.csv", list)
	after := d.plan(small).Division
	for class, kept := range map[string]int{"good": 1, "crack": 1, "cut": 0} {
		if after.Kept[class] != kept || len(after.Test[class]) != len(tested[class]) {
			t.Errorf("%s: %d kept, %d tested on", class, after.Kept[class], len(after.Test[class]))
		}
		if kept > 0 && slices.Contains(after.Test[class], tested[class][0]) {
			t.Errorf("%s is tested on, and the base model has seen it", tested[class][0].Name)
		}
	}
}

func TestLoadErrors(t *testing.T) {
	for _, test := range []struct {
		name     string
		old, new string // in the experiment file
		spoil    func(desk)
		want     string
	}{
		{"no dataset", "root: data", "root: nowhere", nil, "small.yaml:2:34: dataset folder "},
		{"unset variable", "root: data", `root: "${NO_SUCH_ROOT}/x"`, nil, "small.yaml:2:34: dataset.root ${NO_SUCH_ROOT}/x: the environment variable NO_SUCH_ROOT is not set"},
		{"no class", "defects: [crack, cut]", "defects: [crack, dent]", nil, `small.yaml:2:70: class "dent": folder `},
		{"no good class", "noun: board", "noun: board, good: fine", nil, `small.yaml:2:59: class "fine": folder `},
		{"somebody else's home", "root: data", "root: ~else/x", nil, "small.yaml:2:34: dataset.root ~else/x: ~ stands for your own home folder only"},
		{"no table of parts", "noun: board", "noun: board, parts: gone.csv", nil, "small.yaml:2:60: dataset.parts: "},
		{"a pattern that names no part", "noun: board", "noun: board, parts: {pattern: 'tile(x)'}", nil, "small.yaml:2:53: dataset.parts: the pattern tile(x) names a part in no photo"},
		{"no list of test photos", "test: {good: 4, defects: 2}", "test: {list: gone.csv}", nil, "small.yaml:14:3: conditions.test: "},
		{"no elpv-dataset", "format: folders, root: data, noun: board, defects: [crack, cut]", "format: elpv, noun: cell, good: functional, defects: [defective mono]", nil, "the package elpv-dataset is not installed"},
		{"no base", "base: tiny", "base: ./nowhere", nil, `small.yaml:3:7: base model "./nowhere": no such folder`},
		{"no weights", "weights: none", "weights: weights/b1.safetensors", nil, "small.yaml:20:23: classifier.weights: open "},
		{"no vision transformer", "show: 3", "show: 3\n  features: ./dino", nil, `small.yaml:9:13: patterns.features: vision transformer "./dino": no such folder`},
		{"weights of another format", "weights: none", "weights: weights/b0.pt", nil, `classifier.weights "weights/b0.pt" is none of imagenet, lite0, none, or a .safetensors file`},
		{"too few to test", "defects: 2}", "defects: 7}", nil, `there are too few photos:
  small.yaml:14:19: class "crack" has 6 images for testing, and 7 are needed: add images or ask for fewer
  small.yaml:14:19: class "cut" has 6 images for testing, and 7 are needed: add images or ask for fewer
  small.yaml:15:41: class "crack" has 0 images for study 2's LoRAs, and 2 are needed: add images or ask for fewer
`},
		{"no scripts", "", "", func(d desk) { _ = os.RemoveAll(filepath.Join(d.root, "scripts")) }, "the Python stages are not where they should be"},
		{"versions are no JSON", "", "", func(d desk) { d.write("scripts/versions.json", "{") }, "versions.json: unexpected end"},
		{"no version of a stage", "", "", func(d desk) { d.write("scripts/versions.json", `{"train_lora": 1, "generate": 1}`) }, "versions.json has no version of the stage autoencode"},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t)
			if test.spoil != nil {
				test.spoil(d)
			}
			if !strings.Contains(small, test.old) {
				t.Fatalf("%q is not in the file", test.old)
			}
			_, err := d.load(strings.Replace(small, test.old, test.new, 1))
			fails(t, err, test.want)
		})
	}
}

// TestFormats: every format that a file may name is one that photos are looked for in.
func TestFormats(t *testing.T) {
	for _, format := range experiment.Choices["dataset.format"] {
		if _, err := dataset.Scan(format, t.TempDir(), []string{"good"}); err == nil || strings.Contains(err.Error(), "unknown") {
			t.Errorf("%s: %v", format, err)
		}
	}
	_, err := dataset.Scan("coco", t.TempDir(), []string{"good"})
	fails(t, err, `unknown dataset format "coco"`)
}

// TestLoadPlacesOfChanges: what --set gives in place of the file is what an error
// names.
func TestLoadPlacesOfChanges(t *testing.T) {
	d := newDesk(t)
	exp, err := experiment.Parse("small.yaml", d.root, []byte(small), "dataset.defects[1]=dent")
	if err != nil {
		t.Fatal(err)
	}
	_, err = Load(exp, Machine{Scripts: filepath.Join(d.root, "scripts"), Models: filepath.Join(d.root, "models")})
	fails(t, err, `--set dataset.defects[1]=dent: class "dent": folder `)
}

// TestHome: ~ is the home folder wherever a file names a path.
func TestHome(t *testing.T) {
	d := newDesk(t)
	d.write("parts.csv", "file,part\ngood/000.png,a\n")
	t.Setenv("HOME", d.root)
	before := d.plan(small)
	other := strings.NewReplacer("root: data", "root: ~/data", "base: tiny", "base: ~/models/tiny", "noun: board", "noun: board, parts: ~/parts.csv").Replace(small)
	exp, err := experiment.Parse("small.yaml", t.TempDir(), []byte(other))
	if err != nil {
		t.Fatal(err)
	}
	after, err := Load(exp, Machine{Scripts: filepath.Join(d.root, "scripts")})
	if err != nil {
		t.Fatal(err)
	}
	if got := changed(t, before, after); len(got) > 0 || !after.Set.Parted {
		t.Errorf("~ for the home folder changes %q", got)
	}
}
