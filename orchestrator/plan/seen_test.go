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

// TestSeen: how much is cut away, of how many defects, and how small the smallest is, by
// each way to see photos.
func TestSeen(t *testing.T) {
	for keys, want := range map[string][2]string{ // of LoRAs at 64 pixels and of classifiers at 224
		"fit: crop":            {"0.69 0.69 crack/000.png, 0 lost, 1 cut, 0.61", "0.69 0.69 crack/000.png, 0 lost, 1 cut, 7.53"},
		"fit: pad":             {"0.00 0.00 , 0 lost, 0 cut, 0.06", "0.00 0.00 , 0 lost, 0 cut, 0.73"},
		"fit: stretch":         {"0.00 0.00 , 0 lost, 0 cut, 0.19", "0.00 0.00 , 0 lost, 0 cut, 2.35"},
		"fit: {tiles: 100}":    {"0.00 0.00 , 0 lost, 0 cut, 655.36", "0.00 0.00 , 0 lost, 0 cut, 30.11"},                        // the LoRAs' tile shows the large one
		"crop: {around: mask}": {"0.41 0.41 crack/000.png, 1 lost, 0 cut, 0.61", "0.69 0.69 crack/000.png, 0 lost, 1 cut, 7.53"}, // as long as both are apart, and its middle shows neither
	} {
		exp := seen(t, keys, small)
		set := edge()
		v := views{exp.Dataset, set}
		networks := v.networks(exp, "crack")
		if len(networks) != 2 {
			t.Fatalf("%s: networks %v", keys, networks)
		}
		for i, n := range networks {
			got, err := v.seenBy(n, set.Of("crack")[:1])
			text := fmt.Sprintf("%.2f %.2f %s, %d lost, %d cut, %.2f", got.CutMean, got.CutWorst, got.Worst, got.Lost, got.Cut, got.SmallestPx)
			if err != nil || text != want[i] || got.Smallest != "crack/000.png" {
				t.Errorf("%s, %s: %s (%v), want %s", keys, n.name, text, err, want[i])
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
