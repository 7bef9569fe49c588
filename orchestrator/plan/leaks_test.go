package plan

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/stage"
)

// made trains on one real good image and on two generated ones of each defect,
// which start from the first two of four good images.
const made = `name: made
dataset: {format: folders, root: data, noun: board, defects: [crack, cut]}
base: tiny
conditions:
  test: {good: 4, defects: 2}
  lora: {good_images: 4, defect_images: 2}
  training_sets:
    made: {good: {real: 1}, defects: {generated: 2}}
`

// refused requires a plan to be refused for the given images and ways.
func refused(t *testing.T, in Inputs, images []dataset.Image, ways []string) error {
	t.Helper()
	_, err := Build(parse(t, made), in)
	var leak *LeakError
	if !errors.As(err, &leak) {
		t.Fatalf("got %v, want a *LeakError", err)
	}
	if leak.Classifier != `classifier "made", seed 0` || !slices.Equal(leak.Images, images) || !slices.Equal(leak.Ways, ways) {
		t.Errorf("refused %s\nfor %+v\nwhich came as %q; want\n%q", leak.Classifier, leak.Images, leak.Ways, ways)
	}
	return err
}

// TestLeaksAreRefused puts a test image into each role that reaches a
// classifier, in a division made by hand: Divide makes none of these.
func TestLeaksAreRefused(t *testing.T) {
	for _, test := range []struct {
		class string
		place int // in the drawing order
		way   string
	}{
		{"good", 0, `training image of classifier "made", seed 0`},
		{"good", 1, "source image of 18 images crack, study 2, seed 0"},
		{"cut", 1, "instance image of LoRA cut, study 2, seed 0"},
	} {
		in := smallInputs(t, parse(t, made))
		leaked := in.Division.Test[test.class][1]
		in.Division.Train[test.class][test.place] = leaked
		err := refused(t, in, []dataset.Image{leaked}, []string{test.way})
		fails(t, err, `1 test image reaches the training of classifier "made", seed 0:`+"\n  "+leaked.Name+" ("+test.way+")")
	}
	in := smallInputs(t, parse(t, made))
	in.Division.Train["good"][4] = in.Division.Test["good"][0] // drawn by nothing
	build(t, parse(t, made), in)
}

// TestLeaksByPart: a photo that shows the part of a test photo is refused in each role
// that reaches a classifier, and named.
func TestLeaksByPart(t *testing.T) {
	for _, test := range []struct {
		class string
		place int // in the drawing order, of the photo that shows a tested part
		way   string
	}{
		{"good", 0, `training image of classifier "made", seed 0`},
		{"good", 1, "source image of 18 images crack, study 2, seed 0"},
		{"cut", 1, "instance image of LoRA cut, study 2, seed 0"},
	} {
		in := smallInputs(t, parse(t, made))
		tested, other := &in.Division.Test["crack"][1], &in.Division.Train[test.class][test.place]
		for i := range in.Set.Images {
			if img := &in.Set.Images[i]; img.SHA256 == tested.SHA256 || img.SHA256 == other.SHA256 {
				img.Part = "7"
			}
		}
		tested.Part, other.Part = "7", "7"
		err := refused(t, in, []dataset.Image{*tested}, []string{"its part 7 is also in " + other.Name + ", " + test.way})
		fails(t, err, "1 test image reaches the training of")
	}
	// So is one that the base model was trained on.
	in := smallInputs(t, parse(t, made))
	tested, other := in.Division.Test["crack"][1], in.Division.Train["crack"][3]
	for _, images := range [][]dataset.Image{in.Set.Images, in.Division.Test["crack"], in.Division.Train["crack"]} {
		for i := range images {
			if images[i].SHA256 == tested.SHA256 || images[i].SHA256 == other.SHA256 {
				images[i].Part = "7"
			}
		}
	}
	tested.Part = "7"
	in.Base.Seen = map[string]bool{other.SHA256: true}
	refused(t, in, []dataset.Image{tested}, []string{"its part 7 is also in " + other.Name + ", training image of the base model tiny"})
}

// TestAutoencodedTestPhotos are looked at by classifiers, and no leak; trained
// on, they would be one like the photos that they were made from.
func TestAutoencodedTestPhotos(t *testing.T) {
	exp := parse(t, made)
	p := build(t, exp, smallInputs(t, exp))
	task := find(t, p, "made", 0).Classify
	spec := task.Spec.(stage.Classify)
	images := spec.AutoencodedImages()
	if len(images) != 2+1+1 {
		t.Fatalf("%d autoencoded photos, want half of the test photos of every class", len(images))
	}
	pictures := task.Need(images[0].Path)
	for i, ref := range pictures.Spec.(stage.Autoencode).Images {
		img, _ := p.Image(ref)
		if img.Class != spec.Classes[images[i].Class] || !slices.Contains(p.Division.Test[img.Class], img) {
			t.Errorf("%s is seen autoencoded, as of class %s", img.Name, spec.Classes[images[i].Class])
		}
		// The first photos of the class are those that it is told from.
		if first := p.Division.Test[img.Class][:len(p.Division.Test[img.Class])/2]; slices.Contains(first, img) {
			t.Errorf("%s is in both kinds of a probe", img.Name)
		}
	}
	spec.Generated = append(spec.Generated, spec.Autoencoded[1])
	task.Spec = spec
	fails(t, p.checkLeaks(), "4 test images reach the training of", "photo of autoencoded photos, study 2")
}

// TestLeaksThroughTheBaseModel: what the base model was trained on cannot test.
func TestLeaksThroughTheBaseModel(t *testing.T) {
	in := smallInputs(t, parse(t, made))
	in.Base.Seen = map[string]bool{photo("good", 99).SHA256: true}
	build(t, parse(t, made), in)
	var images []dataset.Image
	var ways []string
	for _, class := range []string{"good", "crack", "cut"} {
		for _, img := range in.Division.Test[class] {
			in.Base.Seen[img.SHA256] = true
			images = append(images, img)
			ways = append(ways, "training image of the base model tiny")
		}
	}
	err := refused(t, in, images, ways)
	fails(t, err, "8 test images reach the training of", "\n  and 3 more")
}

// TestDivideKeepsWhatTheBaseHasSeen: with seen images divided as they should
// be, the same base model is no leak.
func TestDivideKeepsWhatTheBaseHasSeen(t *testing.T) {
	exp := parse(t, made)
	in := smallInputs(t, exp)
	in.Base.Seen = map[string]bool{in.Division.Test["good"][0].SHA256: true, in.Division.Test["cut"][1].SHA256: true}
	division, err := dataset.Divide(in.Set, exp.Dataset.Classes(), dataset.Tests{Counts: map[string]int{"good": 4, "crack": 2, "cut": 2}}, in.Base.Seen, 0)
	if err != nil {
		t.Fatal(err)
	}
	in.Division = division
	build(t, exp, in)
}

// TestLineage names every image that a condition's classifier has seen.
func TestLineage(t *testing.T) {
	exp := parse(t, made)
	in := smallInputs(t, exp)
	p := build(t, exp, in)
	got := p.lineage(find(t, p, "made", 0).Classify)
	if len(got) != 4+2+2 {
		t.Errorf("%d images reach the classifier, want 4 good ones and two of each defect", len(got))
	}
	for class, n := range map[string]int{"good": 4, "crack": 2, "cut": 2} {
		for _, img := range in.Division.Train[class][:n] {
			if got[img.SHA256] == "" {
				t.Errorf("%s is missing", img.Name)
			}
		}
	}
}

// TestLeaksThroughMethods puts a test photo, and one of a test photo's part, into each role
// in which methods read photos.
func TestLeaksThroughMethods(t *testing.T) {
	fourMethods(t)
	const goods, defects = "good: {generated: 2}, defects: {real: 1}", "good: {real: 1}, defects: {generated: 2}"
	for _, test := range []struct{ method, counts, class, way string }{
		{"paste", defects, "crack", "pasted photo of 18 images crack"},
		{"paste", goods, "good", "source image of 18 images good"},
		{"paste", goods, "cut", "mask of 18 images good"},
		{"refer", defects, "cut", "reference photo of 18 images cut"},
		{"fill", goods, "crack", "mask of 18 images good"},
		{"cut", defects, "good", "source image of 18 images crack"},
	} {
		const place = 1 // in the drawing order: of real photos the first one is trained on
		exp := parse(t, fmt.Sprintf("%s    set: {%s, generate: {method: %s}}\n", sideBySide[:strings.Index(sideBySide, "    plain:")], test.counts, test.method))
		in := methodInputs(t, exp)
		leaked := in.Division.Test[test.class][1]
		in.Division.Train[test.class][place] = leaked
		_, err := Build(exp, in)
		var leak *LeakError
		if !errors.As(err, &leak) || len(leak.Images) != 1 || leak.Images[0].Name != leaked.Name || !strings.HasPrefix(leak.Ways[0], test.way) {
			t.Errorf("%s: got %v", test.method, err)
		}
		in = methodInputs(t, exp)
		tested, other := &in.Division.Test[test.class][1], &in.Division.Train[test.class][place]
		for i := range in.Set.Images {
			if img := &in.Set.Images[i]; img.SHA256 == tested.SHA256 || img.SHA256 == other.SHA256 {
				img.Part = "7"
			}
		}
		tested.Part, other.Part = "7", "7"
		_, err = Build(exp, in)
		fails(t, err, "its part 7 is also in "+other.Name+", "+test.way)
	}
}
