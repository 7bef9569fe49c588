package plan

import (
	"errors"
	"strings"
	"testing"

	"kizu/orchestrator/stage"
)

// decoded has sets of decoded photos alone and beside generated images, in folds.
const decoded = `name: decoded
dataset: {format: folders, root: data, noun: board, defects: [crack, cut]}
base: tiny
seeds: [0, 1]
lora: {rank: 2, steps: 10}
conditions:
  test: {good: 4, defects: 2}
  lora: {good_images: 3, defect_images: 2}
  training_sets:
    real: {good: {real: 3}, defects: {real: 2}}
    decoded: {good: {decoded: 3}, defects: {decoded: 4}}
    alike: {good: {decoded: 3, generated: 2}, defects: {real: 2, decoded: 3, generated: 4}}
classifier: {weights: none, epochs: 2, folds: 2}
`

// TestDecoded: decoded photos are the first photos of the class, which the base model's
// autoencoder gives back in one task for all sets and seeds; each is in the fold of its
// photo, and its photo is among what the classifier is made from.
func TestDecoded(t *testing.T) {
	exp := parse(t, decoded)
	p := build(t, exp, smallInputs(t, exp))
	keys(t, p)
	tasks := map[*Task]bool{}
	for _, cell := range p.Cells {
		spec := cell.Classify.Spec.(stage.Classify)
		if len(spec.Decoded) == 0 {
			continue
		}
		fold := map[string]int{}
		for _, img := range spec.Train {
			photo, _ := p.Image(img.Path)
			fold[photo.Name] = img.Fold
		}
		for _, img := range spec.Decoded {
			made := cell.Classify.Need(img.Path)
			tasks[made] = true
			photo, _ := p.Image(made.Spec.(stage.Autoencode).Images[img.First])
			class := spec.Classes[img.Class]
			if photo.SHA256 != p.Division.Train[class][img.First].SHA256 {
				t.Errorf("%s, picture %d of %s shows %s", cell.Name, img.First, class, photo.Name)
			}
			if of, both := fold[photo.Name]; img.Fold == 0 || both && of != img.Fold {
				t.Errorf("%s: %s is in fold %d, decoded in %d", cell.Name, photo.Name, of, img.Fold)
			}
			if way := p.lineage(cell.Classify)[photo.SHA256]; way == "" {
				t.Errorf("%s: %s is not in the lineage", cell.Name, photo.Name)
			}
		}
		counts := CompositionOf(cell.Classify).Classes
		want := map[string]int{"decoded": 3 + 4 + 4, "alike": 3 + 2 + 2*(2+3+4)}[cell.Name]
		if resolved := listed(spec); len(resolved.Train) != want || resolved.Decoded != nil || spec.Trained() != want || counts[1].Decoded+counts[1].Real+counts[1].Generated != counts[1].Learnt() {
			t.Errorf("%s: %d images, %+v", cell.Name, len(resolved.Train), counts)
		}
	}
	if len(tasks) != 3 {
		t.Errorf("%d tasks decode photos of 3 classes", len(tasks))
	}
	for _, photo := range p.Roles() {
		if photo.Photo == p.Division.Train["crack"][3].Name && photo.Text() != "training, decoded (1 condition)" {
			t.Errorf("the fourth crack is %s", photo.Text())
		}
	}
}

// TestDecodedLeaks: a decoded photo that is tested on, or of a part that is, is refused as
// the photo would be.
func TestDecodedLeaks(t *testing.T) {
	const way = "decoded photo of autoencoded photos, to be trained on, crack"
	exp := parse(t, decoded)
	in := smallInputs(t, exp)
	leaked := in.Division.Test["crack"][1]
	in.Division.Train["crack"][3] = leaked
	_, err := Build(exp, in)
	var leak *LeakError
	if !errors.As(err, &leak) || len(leak.Images) != 1 || leak.Images[0].Name != leaked.Name || leak.Ways[0] != way {
		t.Errorf("got %v", err)
	}
	in = smallInputs(t, exp)
	tested, other := &in.Division.Test["crack"][1], &in.Division.Train["crack"][3]
	for i := range in.Set.Images {
		if img := &in.Set.Images[i]; img.SHA256 == tested.SHA256 || img.SHA256 == other.SHA256 {
			img.Part = "7"
		}
	}
	tested.Part, other.Part = "7", "7"
	_, err = Build(exp, in)
	fails(t, err, `classifier "decoded", seed 0`, "its part 7 is also in "+other.Name+", "+way)
}

// TestTooFewToDecode: decoded photos are asked of the photos as real ones are.
func TestTooFewToDecode(t *testing.T) {
	exp := parse(t, strings.Replace(decoded, "{decoded: 4}", "{decoded: 9}", 1))
	_, err := Build(exp, smallInputs(t, exp))
	fails(t, err, "test.yaml:", `class "crack" has 4 images`, "and 9 are needed")
}
