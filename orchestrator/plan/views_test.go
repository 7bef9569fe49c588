package plan

import (
	"encoding/base64"
	"fmt"
	"image"
	"maps"
	"slices"
	"strings"
	"testing"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/experiment"
	"kizu/orchestrator/mask"
	"kizu/orchestrator/stage"
)

// wide is the size of the photos of these tests: three tiles, the middle one overlapping.
var wide = image.Pt(250, 100)

// marked gives photos their size, and each defect photo a mask: a rectangle at its own
// place and of its own size.
func marked(set *dataset.Set) *dataset.Set {
	for i := range set.Images {
		img := &set.Images[i]
		img.Picture = dataset.Picture{Width: wide.X, Height: wide.Y}
		if img.Class == "good" {
			continue
		}
		n := int(drawFor(0, "test", *img).below(0, 20)) + 1
		box := image.Rect(0, 0, n, 2).Add(image.Pt(10*(n-1), 2*n))
		img.Marking = &dataset.Marking{Mask: mask.Of(wide.X, wide.Y, func(x, y int) bool { return image.Pt(x, y).In(box) })}
	}
	return set
}

// seen is an experiment that sees photos as keys of its dataset say.
func seen(t *testing.T, keys, text string) *experiment.Experiment {
	t.Helper()
	return parse(t, strings.NewReplacer("noun: board,", "noun: board, masks: masks, "+keys+",", "lora: {rank: 2,", "lora: {resolution: 64, rank: 2,").Replace(text))
}

func seenPlan(t *testing.T, keys string) *Plan {
	t.Helper()
	exp := seen(t, keys, small)
	return build(t, exp, inputs(t, exp, marked(photos(map[string]int{"good": 10, "crack": 6, "cut": 6}))))
}

// regionIn is the region that a reference names of a photo; all of it if it names none.
func regionIn(t *testing.T, p *Plan, ref stage.Ref) (dataset.Image, image.Rectangle) {
	t.Helper()
	img, ok := p.Image(ref)
	if !ok {
		t.Fatalf("%s is no photo", ref)
	}
	_, fragment := ref.Whole()
	if fragment == "" {
		return img, image.Rectangle{Max: wide}
	}
	var x, y, w, h int
	if _, err := fmt.Sscanf(fragment, "#xywh=%d,%d,%d,%d", &x, &y, &w, &h); err != nil {
		t.Fatalf("%s: %v", ref, err)
	}
	region := image.Rect(x, y, x+w, y+h)
	if !region.In(image.Rectangle{Max: wide}) {
		t.Fatalf("%s is not in its photo", ref)
	}
	return img, region
}

// TestTilesOfClassifiers: a tile that shows the defect is of its class and one that shows
// none of it good; of a test photo all tiles are tested, under its name; and counts are
// still those of photos.
func TestTilesOfClassifiers(t *testing.T) {
	p := seenPlan(t, "fit: tiles")
	cell := find(t, p, "real", 0)
	spec := cell.Classify.Spec.(stage.Classify)
	labels := map[string][]int{}
	for _, item := range spec.Train {
		img, tile := regionIn(t, p, item.Path)
		want := 0
		if img.Class != "good" && img.Mask().CountIn(tile) > 0 {
			want = slices.Index(spec.Classes, img.Class)
		}
		if tile.Size() != image.Pt(100, 100) || item.Class != want {
			t.Errorf("%s of %s is learnt as class %d, want %d", tile, img.Name, item.Class, want)
		}
		labels[img.Class] = append(labels[img.Class], item.Class)
	}
	if len(labels["good"]) != 3*3 || !slices.Contains(labels["crack"], 0) || !slices.Contains(labels["crack"], 1) {
		t.Errorf("learnt are %v", labels)
	}
	tested := map[string]int{}
	for _, item := range spec.Test {
		img, tile := regionIn(t, p, item.Path)
		if standing, err := (views{p.Experiment.Dataset, p.Set}).standing(img); err != nil || tested[item.Name] == 0 && tile != standing {
			t.Errorf("%s is tested on with %v first, and %v stands for it (%v)", img.Name, tile, standing, err)
		}
		if tested[item.Name]++; item.Name != img.Name || spec.Classes[item.Class] != img.Class || tile.Dx() != 100 {
			t.Errorf("tested is %+v, of %s", item, img.Name)
		}
	}
	for name, n := range tested {
		if n != 3 {
			t.Errorf("%s is tested on in %d tiles", name, n)
		}
	}
	good := 0
	for i, class := range CompositionOf(cell.Classify).Classes {
		want := []ClassView{{Class: "good", Real: 3, Test: 4}, {Class: "crack", Real: 2, Test: 2}, {Class: "cut", Real: 2, Test: 2}}[i]
		for _, item := range spec.Train {
			if item.Class == i {
				want.Tiles++
			}
		}
		want.TestTiles = 3 * want.Test
		if good += class.Tiles; class != want {
			t.Errorf("counted %+v, want %+v", class, want)
		}
	}
	if good != len(spec.Train) || spec.OptimizerSteps() != (2*good+31)/32 {
		t.Errorf("%d of %d tiles are counted; %d steps", good, len(spec.Train), spec.OptimizerSteps())
	}
}

// TestGrazedTilesAreLeftOut: a tile that shows too little of a defect to be called either is
// not learnt, and the plan says how many there are.
func TestGrazedTilesAreLeftOut(t *testing.T) {
	exp := seen(t, "fit: tiles", small)
	set := marked(photos(map[string]int{"good": 10, "crack": 6, "cut": 6}))
	for i := range set.Images {
		if set.Images[i].Class == "crack" { // 20 pixels in the first tile and the second, one in the third alone
			set.Images[i].Marking.Mask = mask.Of(wide.X, wide.Y, func(x, y int) bool { return y == 50 && (x >= 80 && x < 100 || x == 240) })
		}
	}
	p := build(t, exp, inputs(t, exp, set))
	var of [3]int // tiles of cracks by class
	for _, item := range find(t, p, "real", 0).Classify.Spec.(stage.Classify).Train {
		if img, _ := regionIn(t, p, item.Path); img.Class == "crack" {
			of[item.Class]++
		}
	}
	if of != [3]int{0, 4, 0} {
		t.Errorf("tiles of two cracks are learnt as %v", of)
	}
	if want := "crack: 4 photos for training in 12 tiles: 8 show the defect, 0 show none of it and are good, 4 graze it and are left out"; !slices.Contains(p.View().Views, want) {
		t.Errorf("%q, want %q", p.View().Views, want)
	}
}

// TestOneTileStandsForAPhoto, the same wherever LoRAs, sources and controls take it: of a
// defect photo one that shows most of the defect.
func TestOneTileStandsForAPhoto(t *testing.T) {
	p := seenPlan(t, "fit: tiles")
	tileOf, drawn := map[string]stage.Ref{}, map[int]bool{}
	for _, task := range p.Tasks {
		for _, reading := range task.Spec.Reads() {
			if reading.Role == stage.Training || reading.Role == stage.Test {
				continue
			}
			for ref := range reading.Photos {
				img, tile := regionIn(t, p, ref)
				if before, known := tileOf[img.Name]; known && before != ref {
					t.Errorf("%s, %s: %s and %s", task.Label, reading.How, before, ref)
				}
				tileOf[img.Name] = ref
				if img.Class == "good" {
					drawn[tile.Min.X] = true
				} else if m := img.Mask(); m.CountIn(tile) != slices.Max(shown(tilesOf(wide, 0), m)) {
					t.Errorf("%s: %v shows %d pixels of %d", img.Name, tile, m.CountIn(tile), m.Area())
				}
			}
		}
	}
	if len(tileOf) < 15 || len(drawn) < 2 {
		t.Errorf("%d photos; good tiles begin at %v", len(tileOf), drawn)
	}
}

// TestTilesThatShowSomething: what stands for a good photo shows the part and no bare
// background, and not always the same of the tiles that do.
func TestTilesThatShowSomething(t *testing.T) {
	v := views{experiment.Dataset{Good: "good", Fit: experiment.Fit{How: experiment.FitTiles}}, &dataset.Set{}}
	found := map[int]int{} // how often the tile that begins in a column stands for a photo
	for number := range 60 {
		img := photo("good", number)
		img.Picture = dataset.Picture{Width: 400, Height: 100}
		values := make([]byte, 32*32)
		for i := range values {
			if column := i % 32; column >= 14 && column < 28 {
				values[i] = byte(20 + i%5)
			}
		}
		img.Picture.Likeness = base64.StdEncoding.EncodeToString(values)
		tile, err := v.standing(img)
		if err != nil {
			t.Fatal(err)
		}
		found[tile.Min.X]++
	}
	if len(found) != 2 || found[200] < 10 || found[300] < 10 { // the second shows too little of it
		t.Errorf("standing are %v", found)
	}
}

// TestCropAroundMasks: LoRAs learn a square around each defect, and of good photos squares
// of the same sizes in turn; images start from such as well, in every pattern from the same.
func TestCropAroundMasks(t *testing.T) {
	p := seenPlan(t, "crop: {around: mask, ratio: 2}")
	sizesOf := func(refs []stage.Ref) (sizes []int) {
		for _, ref := range refs {
			img, region := regionIn(t, p, ref)
			if m := img.Mask(); m != nil && !m.Bounds().In(region) || region.Dx() != region.Dy() {
				t.Errorf("%s: %v", img.Name, region)
			}
			sizes = append(sizes, region.Dx())
		}
		return sizes
	}
	inTurn := func(what string, refs []stage.Ref, sizes []int) {
		t.Helper()
		for i, side := range sizesOf(refs) {
			if side != sizes[i%len(sizes)] {
				t.Errorf("%s: the sides are %v, want %v in turn", what, sizesOf(refs), sizes)
			}
		}
	}
	starts := map[string]bool{}
	for _, cell := range p.Cells {
		if cell.Pattern == nil {
			continue
		}
		if cell.Train != nil {
			spec := cell.Train.Spec.(stage.TrainLoRA)
			inTurn(cell.Name, spec.Class.Images, sizesOf(spec.Instance.Images))
		}
		starts[fmt.Sprint(cell.Generate.Spec.(stage.Generate).Sources)] = true
	}
	if len(starts) != 1 {
		t.Errorf("patterns start from %d sets of sources", len(starts))
	}
	made := find(t, p, "generated", 0).Classify
	byClass := map[string][]int{}
	for _, images := range made.MadeFrom() {
		lora := images.Needs[0].Spec.(stage.TrainLoRA)
		class := strings.TrimPrefix(strings.Split(images.Needs[0].Label, ",")[0], "LoRA ")
		byClass[class] = sizesOf(lora.Instance.Images)
		if class != "good" {
			inTurn(class, images.Spec.(stage.Generate).Sources, byClass[class])
			continue
		}
		inTurn("good sources", images.Spec.(stage.Generate).Sources, byClass[class])
	}
	crack, cut := byClass["crack"], byClass["cut"]
	if different := slices.Compact(slices.Sorted(slices.Values(slices.Concat(crack, cut)))); len(different) < 3 {
		t.Fatalf("the sides of cracks and cuts are %v and %v", crack, cut)
	}
	if want := []int{crack[0], cut[0], crack[1]}; !slices.Equal(byClass["good"], want) {
		t.Errorf("good photos are learnt in squares of %v, want %v", byClass["good"], want)
	}
	if first := find(t, p, "real", 0).Classify.Spec.(stage.Classify).Train[0].Path; first != stage.ByHash(p.Division.Train["good"][0].SHA256) {
		t.Errorf("a classifier sees %s", first)
	}
}

// TestMasksOfTestPhotosDecideNothing of study 2 but which test tile stands for its photo.
func TestMasksOfTestPhotosDecideNothing(t *testing.T) {
	for _, keys := range []string{"crop: {around: mask}", "fit: tiles"} {
		keysWith := func(change bool) map[string]string {
			exp := seen(t, keys, made)
			in := inputs(t, exp, marked(photos(map[string]int{"good": 10, "crack": 6, "cut": 6})))
			for _, class := range exp.Dataset.Defects {
				for _, img := range in.Division.Test[class] {
					if change {
						*img.Marking.Mask = *mask.Of(wide.X, wide.Y, func(x, y int) bool { return x < 90 && y > 20 })
					}
				}
			}
			p, list := build(t, exp, in), map[string]string{}
			for _, task := range p.Tasks {
				if task.Kind == stage.KindTrainLoRA || task.Kind == stage.KindGenerate {
					list[task.Label] = task.Key
				}
			}
			return list
		}
		if before, after := keysWith(false), keysWith(true); len(before) != 4 || !maps.Equal(before, after) {
			t.Errorf("%s: %v, %v", keys, before, after)
		}
	}
}

// TestRegionsOfTestPhotosAreRefused: a part of a test photo is refused in every role in which
// the photo is.
func TestRegionsOfTestPhotosAreRefused(t *testing.T) {
	for _, keys := range []string{"crop: {around: mask}", "fit: tiles", "fit: pad"} {
		for place, class := range []string{"good", "good", "cut"} {
			exp := seen(t, keys, made)
			in := inputs(t, exp, marked(photos(map[string]int{"good": 10, "crack": 6, "cut": 6})))
			leaked := in.Division.Test[class][1]
			in.Division.Train[class][min(place, 1)] = leaked
			_, err := Build(exp, in)
			fails(t, err, "1 test image reaches the training of", leaked.Name)
		}
	}
}

// TestClassesWithoutMasks are refused where masks decide what is seen of them, with the
// first photo that has none.
func TestClassesWithoutMasks(t *testing.T) {
	for keys, setting := range map[string]string{"crop: {around: mask}": "dataset.crop", "fit: tiles": "fit: tiles"} {
		exp := seen(t, keys, small)
		set := marked(photos(map[string]int{"good": 10, "crack": 6, "cut": 6}))
		for i := range set.Images {
			if img := &set.Images[i]; img.Class == "cut" && img.Name != "cut/000.png" {
				img.Marking = nil
			}
		}
		_, err := Build(exp, inputs(t, exp, set))
		fails(t, err, setting+` needs to know where defects are, and 5 photos of class "cut" have no mask, the first of them cut/001.png: add masks (dataset.masks) or take the class out`)
		for i := range set.Images {
			set.Images[i].Picture = dataset.Picture{}
		}
		_, err = Build(exp, inputs(t, exp, set))
		fails(t, err, "was not looked at")
	}
}

// TestFitsOfStages: every stage that reads photos is told of the fit, and only of one that
// is not the usual one.
func TestFitsOfStages(t *testing.T) {
	usual := keys(t, seenPlan(t, "bit_depth: 0")) // says nothing of how photos are seen
	for setting, want := range map[string]string{"fit: crop": "", "fit: pad": "pad", "fit: {pad: '#0A0B0C'}": "pad #0a0b0c", "fit: stretch": "stretch"} {
		p := seenPlan(t, setting)
		for _, task := range p.Tasks {
			text := string(task.Identity())
			if told := strings.Contains(text, `"fit":"`+want+`"`); told != (want != "") || want == "" && task.Key != usual[task.Label] {
				t.Errorf("%s: %s is told %s", setting, task.Label, text[max(0, len(text)-200):])
			}
			if strings.Contains(text, "#xywh") {
				t.Errorf("%s: %s sees a part of a photo", setting, task.Label)
			}
		}
		if (len(p.View().Views) > 0) != (want != "") {
			t.Errorf("%s: said is %q", setting, p.View().Views)
		}
	}
}

// TestMasksOfTestPhotosDecideNothingForMethods: the size of regions is not that of a test photo's
// defect, also where a pattern that draws test photos has the class's LoRA and the images
// are made by a method without one.
func TestMasksOfTestPhotosDecideNothingForMethods(t *testing.T) {
	exp := parse(t, `name: s
dataset: {format: folders, root: data, noun: board, defects: [crack, cut], masks: m, crop: {around: mask}}
base: tiny
lora: {rank: 2, steps: 10}
generate: {strength: 0.5}
patterns: {matrix: [{defect_images: 5}]}
conditions:
  test: {good: 2, defects: 2}
  lora: {good_images: 7, defect_images: 1, patterns: {crack: "5 defect, 0 regularization"}}
  training_sets:
    generated: {good: {real: 3}, defects: {generated: 7}, generate: {method: reference}}
classifier: {weights: none, epochs: 2}
`)
	corner := func(side int) *mask.Mask {
		return mask.Of(640, 640, func(x, y int) bool { return x < side && y < side })
	}
	key := func(tested int) string {
		set := photos(map[string]int{"good": 10, "crack": 5, "cut": 6})
		for i := range set.Images {
			set.Images[i].Picture = dataset.Picture{Width: 640, Height: 640}
			if set.Images[i].Class != "good" {
				set.Images[i].Marking = &dataset.Marking{Mask: corner(80)}
			}
		}
		in := inputs(t, exp, maskFiles(set))
		for i, img := range in.Division.Test["crack"] {
			in.Division.Test["crack"][i].Marking = &dataset.Marking{Mask: corner(tested), Files: img.Marking.Files}
		}
		for _, cell := range build(t, exp, in).Cells {
			if cell.Classify != nil {
				return cell.Classify.Key
			}
		}
		return ""
	}
	if small, large := key(80), key(200); small == "" || small != large {
		t.Error("a test photo's mask decides what a classifier is trained on")
	}
}
