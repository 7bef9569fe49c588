package plan

import (
	"fmt"
	"image"
	"math"
	"strings"
	"testing"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/mask"
)

// edge is a photo of 640×200 pixels with a defect of 3×2 at its edge and one of 40×40 in
// its middle, which a mask joins.
func edge() *dataset.Set {
	set := photos(map[string]int{"good": 10, "crack": 6, "cut": 6})
	for i := range set.Images {
		img := &set.Images[i]
		img.Picture = dataset.Picture{Width: 640, Height: 200}
		if img.Class == "crack" && strings.HasSuffix(img.Name, "0.png") {
			boxes := []image.Rectangle{image.Rect(637, 0, 640, 2), image.Rect(300, 80, 340, 120)}
			img.Marking = &dataset.Marking{Mask: mask.Of(640, 200, func(x, y int) bool {
				return image.Pt(x, y).In(boxes[0]) || image.Pt(x, y).In(boxes[1])
			})}
		}
	}
	return set
}

// TestSeen: how much is cut away, of how many defects, and how small the largest piece of
// the smallest is, by each way to see photos; of test photos not to LoRAs.
func TestSeen(t *testing.T) {
	for keys, want := range map[string][2]string{ // of LoRAs at 64 pixels and of classifiers at 224
		"fit: crop":            {"0.69 0.69 crack/000.png, 0 lost, 1 cut, 163.84", "0.69 0.69 crack/000.png, 0 lost, 1 cut, 2007.04"},
		"fit: pad":             {"0.00 0.00 , 0 lost, 0 cut, 16.00", "0.00 0.00 , 0 lost, 0 cut, 196.00"},
		"fit: stretch":         {"0.00 0.00 , 0 lost, 0 cut, 51.20", "0.00 0.00 , 0 lost, 0 cut, 627.20"},
		"fit: {tiles: 100}":    {"0.00 0.00 , 0 lost, 0 cut, 327.68", "0.00 0.00 , 0 lost, 0 cut, 4014.08"},                         // half of the large one
		"crop: {around: mask}": {"0.41 0.41 crack/000.png, 1 lost, 0 cut, 0.00", "0.69 0.69 crack/000.png, 0 lost, 1 cut, 2007.04"}, // as long as both are apart, and its middle shows neither
	} {
		exp := seen(t, keys, small)
		set := edge()
		v := views{exp.Dataset, set}
		networks := v.networks(exp, "crack")
		if len(networks) != 2 {
			t.Fatalf("%s: networks %v", keys, networks)
		}
		for i, n := range networks {
			got, err := v.seenBy(n, set.Of("crack")[:1], nil)
			text := fmt.Sprintf("%.2f %.2f %s, %d lost, %d cut, %.2f", got.CutMean, got.CutWorst, got.Worst, got.Lost, got.Cut, got.SmallestPx)
			if err != nil || text != want[i] || (got.Smallest == "crack/000.png") != (got.Lost == 0) {
				t.Errorf("%s, %s: %s (%v), want %s", keys, n.name, text, err, want[i])
			}
			got, err = v.seenBy(n, set.Of("crack")[:1], map[string]bool{set.Of("crack")[0].SHA256: true})
			if err != nil || (got.Smallest != "") != n.tested {
				t.Errorf("%s, %s: of a test photo %q (%v)", keys, n.name, got.Smallest, err)
			}
		}
	}
}

// TestFitted: what is seen of a region lies in it, and fills the square or has its shape.
func TestFitted(t *testing.T) {
	for _, fit := range []string{"crop", "pad", "stretch"} {
		v := views{Dataset: seen(t, "fit: "+fit, small).Dataset}
		for _, region := range []image.Rectangle{image.Rect(0, 0, 640, 200), image.Rect(7, 3, 8, 90), image.Rect(5, 5, 69, 69)} {
			visible, across, down := v.fitted(region, 64)
			width, height := float64(visible.Dx())*across, float64(visible.Dy())*down
			if !visible.In(region) || math.Max(width, height) < 63.99 || width > 64.01 || height > 64.01 || fit != "pad" && math.Min(width, height) < 63.99 {
				t.Errorf("%s: of %v is seen %v, on %.1f×%.1f", fit, region, visible, width, height)
			}
		}
	}
}

// TestSmallDefectsAreKept: a defect of 6 pixels at the edge of a long photo is in what
// classifiers and LoRAs see, unless that is the square in the middle.
func TestSmallDefectsAreKept(t *testing.T) {
	set := edge()
	img := set.Of("crack")[0]
	img.Marking.Mask = mask.Of(640, 200, func(x, y int) bool { return x >= 637 && y >= 198 })
	for keys, kept := range map[string]bool{"fit: crop": false, "fit: pad": true, "fit: stretch": true, "fit: tiles": true, "fit: {tiles: 64}": true, "crop: {around: mask}": true} {
		exp := seen(t, keys, small)
		v := views{exp.Dataset, set}
		for _, n := range v.networks(exp, "crack") {
			regions, err := n.regions(img)
			if err != nil {
				t.Fatal(err)
			}
			most := 0
			for _, region := range regions {
				visible, _, _ := v.fitted(region, n.resolution)
				most = max(most, img.Mask().CountIn(visible))
			}
			if want := kept && (n.name == "LoRAs" || exp.Dataset.Crop == nil); (most == 6) != want {
				t.Errorf("%s: %s see %d pixels of 6", keys, n.name, most)
			}
		}
	}
}

// TestSheets: pictures are those that networks are given, each once and a few of each class,
// with masks, and with what a tile is learnt as where that is another class.
func TestSheets(t *testing.T) {
	exp := seen(t, "fit: tiles", small)
	set := marked(photos(map[string]int{"good": 30, "crack": 6, "cut": 6}))
	for i := range set.Images {
		if img := &set.Images[i]; img.Marking != nil {
			img.Marking.Files = []dataset.MaskFile{{Path: "/masks/" + img.Name}}
		}
	}
	sheets := build(t, exp, inputs(t, exp, set)).Sheets()
	for name, resolution := range map[string]int{"loras": 64, "classifiers": 224} {
		sheet := sheets[name]
		paths, classes, asGood := map[string]bool{}, map[string]int{}, 0
		for _, picture := range sheet.Pictures {
			file, fragment, _ := strings.Cut(picture.Path, "#xywh=")
			class := strings.Split(file, "/")[2]
			if len(fragment) == 0 || paths[picture.Path] || (len(picture.Masks) == 1) != (class != "good") {
				t.Errorf("%s: %+v", name, picture)
			}
			paths[picture.Path] = true
			if classes[class]++; strings.HasPrefix(picture.Label, "good: "+class) {
				asGood++
			}
		}
		if sheet.Resolution != resolution || classes["good"] == 0 || classes["crack"] == 0 || classes["cut"] == 0 || classes["good"] > mostOfClass || len(sheet.Pictures) > dataset.MostOnSheet {
			t.Errorf("%s: %d pixels, %v", name, sheet.Resolution, classes)
		}
		if (asGood > 0) != (name == "classifiers") {
			t.Errorf("%s: %d tiles of defect photos are learnt as good", name, asGood)
		}
	}
	if left := build(t, parse(t, made), smallInputs(t, parse(t, made))).Sheets(); len(left) != 2 || left["classifiers"].Fit != "" {
		t.Errorf("whole photos: %v", left)
	}
}

// TestSameSets: training sets that come to the same images are remarked, and no others.
func TestSameSets(t *testing.T) {
	for line, want := range map[string]string{
		"": "[]",
		"    again: {good: {real: 3}, defects: {real: 2}}\n": `[training sets "real" and "again" come to the same images and are one: what is said of their difference says nothing]`,
	} {
		exp := parse(t, strings.Replace(small, "classifier:", line+"classifier:", 1))
		if got := fmt.Sprint(build(t, exp, smallInputs(t, exp)).sameSets()); got != want {
			t.Errorf("%q: %s", line, got)
		}
	}
}
