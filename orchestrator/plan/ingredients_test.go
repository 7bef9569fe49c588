package plan

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/experiment"
	"kizu/orchestrator/experiment/experimenttest"
	"kizu/orchestrator/stage"
)

// fourMethods are one of each kind: with a LoRA and masks, with a reference, with nothing
// but photos, and with photos of good parts alone.
func fourMethods(t *testing.T) {
	t.Helper()
	experimenttest.WithMethod(t, "fill", experiment.Method{Needs: []string{"base", "source"}, Takes: []string{"lora", "mask"}, Denoises: true, Masks: true, Options: []string{"mask", "feather"}})
	experimenttest.WithMethod(t, "refer", experiment.Method{Needs: []string{"base", "source", "defect"}, Takes: []string{"lora", "mask"}, Denoises: true, Options: []string{"weight", "within_mask", "with_lora"}, Passes: 2})
	experimenttest.WithMethod(t, "paste", experiment.Method{Needs: []string{"source", "defect", "mask"}, Masks: true, Options: []string{"blend"}})
	experimenttest.WithMethod(t, "cut", experiment.Method{Needs: []string{"source"}, Masks: true})
}

// sideBySide has a training set for each of the four methods, beside img2img.
const sideBySide = `name: methods
dataset: {format: folders, root: data, masks: masks, noun: board, defects: [crack, cut]}
base: tiny
conditions:
  test: {good: 4, defects: 2}
  lora: {good_images: 3, defect_images: 2}
  training_sets:
    plain:    {good: {real: 3, generated: 4}, defects: {real: 2, generated: 4}}
    filled:   {good: {real: 3, generated: 4}, defects: {real: 2, generated: 4}, generate: {method: fill}}
    referred: {good: {real: 3, generated: 4}, defects: {real: 2, generated: 4}, generate: {method: refer, weight: [0.5, 1]}}
    pasted:   {good: {real: 3, generated: 6}, defects: {real: 2, generated: 6}, generate: {method: paste, blend: poisson}}
    scarred:  {good: {real: 3}, defects: {real: 2, generated: 4}, generate: {method: cut}}
`

// maskFiles gives each defect photo that is marked a file of its mask, and the first of a
// class two.
func maskFiles(set *dataset.Set) *dataset.Set {
	for i := range set.Images {
		img := &set.Images[i]
		if img.Marking == nil {
			continue
		}
		for n := range 1 + 1/(1+i%6) {
			name := fmt.Sprintf("/masks/%d of %s", n, img.Name)
			img.Marking.Files = append(img.Marking.Files, dataset.MaskFile{Path: name, SHA256: fmt.Sprintf("%x", sha256.Sum256([]byte(name)))})
		}
	}
	return set
}

func methodInputs(t *testing.T, exp *experiment.Experiment) Inputs {
	t.Helper()
	return inputs(t, exp, maskFiles(marked(photos(map[string]int{"good": 10, "crack": 6, "cut": 6}))))
}

// madeBy finds what a condition's images of a class are asked for.
func madeBy(t *testing.T, p *Plan, condition, class string) (*Task, stage.Generate) {
	t.Helper()
	for of, task := range generatedOf(find(t, p, condition, 0).Classify) {
		if of == class {
			return task, task.Spec.(stage.Generate)
		}
	}
	t.Fatalf("%s has no generated images of %s", condition, class)
	return nil, stage.Generate{}
}

// generatedOf are the tasks that make a classifier's generated images, by the class.
func generatedOf(classifier *Task) map[string]*Task {
	spec, tasks := classifier.Spec.(stage.Classify), map[string]*Task{}
	for _, folder := range spec.Generated {
		tasks[spec.Classes[folder.Class]] = classifier.Need(folder.Path)
	}
	return tasks
}

// namesOf are the photos that references are about.
func namesOf(t *testing.T, p *Plan, refs []stage.Ref) (names []string) {
	t.Helper()
	for _, ref := range refs {
		img, ok := p.Image(ref)
		if !ok {
			t.Fatalf("%s is no photo and no mask of one", ref)
		}
		names = append(names, img.Name)
	}
	return names
}

// TestIngredients: each method is given what it uses, of the photos that train the class's
// LoRA; a good part's images are made by the same operation with good photos.
func TestIngredients(t *testing.T) {
	fourMethods(t)
	exp := parse(t, sideBySide)
	p := build(t, exp, methodInputs(t, exp))
	names := func(class string, n int) (list []string) {
		for _, img := range p.Division.Train[class][:n] {
			list = append(list, img.Name)
		}
		return list
	}
	learnt, good := names("crack", 2), names("good", 3)
	other := []string{good[1], good[2], good[0]}
	both := inTurn([][]string{learnt, names("cut", 2)})
	for _, test := range []struct {
		condition, class string
		defects, masks   []string
		lora, base       bool
		options          string
		count            int
	}{
		{"plain", "crack", nil, nil, true, true, "map[]", 4},
		{"filled", "crack", nil, learnt, true, true, "map[feather:3 mask:training]", 4},
		{"filled", "good", nil, both, true, true, "map[feather:3 mask:training]", 4},
		{"referred, weight 0.5", "crack", learnt, nil, false, true, "map[weight:0.5]", 4},
		{"referred, weight 1", "good", other, nil, false, true, "map[weight:1]", 4},
		{"pasted", "crack", learnt, learnt, false, false, "map[blend:poisson]", 6},
		{"pasted", "good", other, both, false, false, "map[blend:poisson]", 6},
		{"scarred", "crack", nil, nil, false, false, "map[]", 4},
	} {
		what := test.condition + ", " + test.class
		task, spec := madeBy(t, p, test.condition, test.class)
		if got := namesOf(t, p, spec.Sources); !slices.Equal(got, good) {
			t.Errorf("%s starts from %q", what, got)
		}
		if got := namesOf(t, p, spec.Defects); !slices.Equal(got, test.defects) {
			t.Errorf("%s shows %q, want %q", what, got, test.defects)
		}
		var masks []string
		for _, files := range spec.Masks {
			of := namesOf(t, p, files)
			masks = append(masks, of[0])
			if len(slices.Compact(of)) != 1 {
				t.Errorf("%s: a mask of several photos, %q", what, of)
			}
		}
		if !slices.Equal(masks, test.masks) {
			t.Errorf("%s has the masks of %q, want %q", what, masks, test.masks)
		}
		if (task.LoRA() != nil) != test.lora || (spec.Base != "") != test.base || p.OpensBase(task) != test.base || fmt.Sprint(spec.Options) != test.options {
			t.Errorf("%s: LoRA %v, base %q, options %v", what, task.LoRA(), spec.Base, spec.Options)
		}
		// Methods with a prompt know by it what is to be seen.
		if want := test.class == "good" && test.condition == "pasted"; spec.Good != want {
			t.Errorf("%s: is of good parts: %v, want %v", what, spec.Good, want)
		}
		// What keeps its source's pixels is not compared with autoencoded photos.
		autoencoded := len(find(t, p, test.condition, 0).Classify.Spec.(stage.Classify).Autoencoded) > 0
		if control := test.condition == "plain" || strings.HasPrefix(test.condition, "referred"); autoencoded != control {
			t.Errorf("%s: autoencoded photos %v", what, autoencoded)
		}
		if spec.Count != test.count+HeldOut {
			t.Errorf("%s: %d images", what, spec.Count)
		}
	}
}

// TestNoPatchComesFromItsOwnPhoto: what a good part's image shows besides its source is
// another photo's, and a defect's patch has its own photo's mask.
func TestNoPatchComesFromItsOwnPhoto(t *testing.T) {
	fourMethods(t)
	exp := parse(t, sideBySide)
	p := build(t, exp, methodInputs(t, exp))
	_, spec := madeBy(t, p, "pasted", "good")
	for _, img := range spec.NewImages() {
		if img.Defect == img.Source || img.Defect == "" || len(img.Masks) == 0 {
			t.Errorf("%+v", img)
		}
	}
	_, spec = madeBy(t, p, "pasted", "crack")
	for _, img := range spec.NewImages() {
		for _, mask := range img.Masks {
			if of, _ := p.Image(mask); stage.ByHash(of.SHA256) != img.Defect {
				t.Errorf("%s has the mask of %s", img.Defect, of.Name)
			}
		}
	}
	resolved := spec.Resolve(func(ref stage.Ref) stage.Ref { return stage.Ref(p.Path(ref, nil)) }).(stage.Generate)
	for _, img := range resolved.Images {
		for _, mask := range img.Masks {
			if !strings.HasPrefix(string(mask), "/masks/") || !strings.HasSuffix(string(mask), strings.TrimPrefix(string(img.Defect), "/photos/")) {
				t.Errorf("%s is given %s as its mask", img.Defect, mask)
			}
		}
	}
}

// TestMasksInTiles: what is pasted of a photo in tiles is the tile that shows most of its
// defect, and the mask is that of the tile.
func TestMasksInTiles(t *testing.T) {
	fourMethods(t)
	exp := parse(t, strings.Replace(sideBySide, "noun: board", "fit: tiles, noun: board", 1))
	p := build(t, exp, methodInputs(t, exp))
	_, spec := madeBy(t, p, "pasted", "crack")
	for i, ref := range spec.Defects {
		_, fragment := ref.Whole()
		for _, mask := range spec.Masks[i] {
			if _, same := mask.Whole(); fragment == "" || same != fragment {
				t.Errorf("%s is marked by %s", ref, mask)
			}
		}
	}
	if spec.Pixels != wide.Y*wide.Y {
		t.Errorf("an image of about %d pixels", spec.Pixels)
	}
}

// TestMethodsWithoutLoRAsTrainNone: where no method uses a LoRA there is none, and LoRAs
// that differ do not multiply the set.
func TestMethodsWithoutLoRAsTrainNone(t *testing.T) {
	fourMethods(t)
	text := strings.Replace(sideBySide, "defect_images: 2}", "defect_images: 2, rank: [2, 4]}", 1)
	exp := parse(t, text)
	p := build(t, exp, methodInputs(t, exp))
	var names []string
	for _, cell := range p.Cells {
		names = append(names, cell.Name)
	}
	want := []string{"plain, rank 2", "plain, rank 4", "filled, rank 2", "filled, rank 4", "referred, weight 0.5", "referred, weight 1", "pasted", "scarred"}
	if !slices.Equal(names, want) {
		t.Errorf("conditions %q, want %q", names, want)
	}
	only := text[:strings.Index(text, "    plain:")] + text[strings.Index(text, "    pasted:"):]
	exp = parse(t, only)
	for _, task := range build(t, exp, methodInputs(t, exp)).Tasks {
		if task.Kind == stage.KindTrainLoRA {
			t.Errorf("%s is trained for nothing", task.Label)
		}
	}
}

// TestMethodsShareLoRAs: training sets that differ in their methods alone have one LoRA a
// class, and adding one changes no task of the others.
func TestMethodsShareLoRAs(t *testing.T) {
	fourMethods(t)
	exp := parse(t, sideBySide)
	p := build(t, exp, methodInputs(t, exp))
	plain, _ := madeBy(t, p, "plain", "cut")
	filled, _ := madeBy(t, p, "filled", "cut")
	if plain.LoRA() == nil || plain.LoRA() != filled.LoRA() {
		t.Error("two LoRAs of one class")
	}
	exp = parse(t, sideBySide[:strings.Index(sideBySide, "    filled:")])
	alone := build(t, exp, methodInputs(t, exp))
	if again, _ := madeBy(t, alone, "plain", "cut"); again.Key != plain.Key {
		t.Error("other training sets change the images of one")
	}
}

// TestPhotosThatMethodsNeed: kizu check counts photos of defects for methods that show them,
// and none for one that does not.
func TestPhotosThatMethodsNeed(t *testing.T) {
	fourMethods(t)
	const use = "study 2's defects of generated images"
	for method, want := range map[string]bool{"paste": true, "fill": true, "refer": true, "cut": false, "img2img": false} {
		exp := parse(t, sideBySide[:strings.Index(sideBySide, "    plain:")]+"    set: {good: {real: 3}, defects: {generated: 2}, generate: {method: "+method+"}}\n")
		in := methodInputs(t, exp)
		list := photoRequirements(exp, in.Set, in.Division)
		asks := func(r PhotoRequirement) bool { return r.Class == "cut" && r.Use == use && r.Have == 4 && r.Want == 2 }
		if got := slices.ContainsFunc(list, asks); got != want {
			t.Errorf("%s: %+v", method, list)
		}
	}
}

// TestMasksAreNeeded: a class without masks refuses what is made by them, by name.
func TestMasksAreNeeded(t *testing.T) {
	fourMethods(t)
	exp := parse(t, sideBySide)
	in := methodInputs(t, exp)
	for i := range in.Set.Images {
		if img := &in.Set.Images[i]; img.Class == "cut" {
			img.Marking = nil
		}
	}
	for _, images := range in.Division.Train {
		for i := range images {
			if images[i].Class == "cut" {
				images[i].Marking = nil
			}
		}
	}
	_, err := Build(exp, in)
	fails(t, err, "method fill needs to know where defects are", `of class "cut" have no mask`, "add masks (dataset.masks) or take the class out")
}

// TestPhotosOfPatterns: where a pattern's LoRA makes the images, its photos are shown, and
// no others are asked for.
func TestPhotosOfPatterns(t *testing.T) {
	fourMethods(t)
	text := strings.Replace(sideBySide[:strings.Index(sideBySide, "    plain:")], "conditions:", "patterns: {defect: cut, matrix: [{defect_images: 1}]}\nconditions:", 1)
	text = strings.Replace(text, "lora: {", "lora: {patterns: {cut: \"1 defect, 0 regularization\"}, ", 1)
	exp := parse(t, text+"    set: {good: {real: 3}, defects: {generated: 2}, generate: {method: fill}}\n")
	in := methodInputs(t, exp)
	for _, need := range photoRequirements(exp, in.Set, in.Division) {
		if need.Class == "cut" && strings.HasPrefix(need.Use, "study 2's ") {
			t.Errorf("%+v", need)
		}
	}
}
