package plan

import (
	"image"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/experiment"
)

// SeenView says what networks of one kind see of the photos of a class.
type SeenView struct {
	Network    string `json:"network"`    // LoRAs or classifiers
	Resolution int    `json:"resolution"` // pixels, square; of several the smallest

	// How much of its area is cut away of what is to be seen of a photo, which is the photo
	// but for tiles and regions around masks.
	CutMean  float64 `json:"cut_mean"`
	CutWorst float64 `json:"cut_worst"`
	Worst    string  `json:"worst,omitempty"` // the first photo of which as much is cut away

	Lost       int     `json:"lost"`                 // photos of whose defect nothing is seen
	Cut        int     `json:"cut"`                  // photos of whose defect only a part is seen
	FirstLost  string  `json:"first_lost,omitempty"` // the first of either
	Smallest   string  `json:"smallest,omitempty"`   // of the photos that it learns or is tested on, the one of whose defect least is seen
	SmallestPx float64 `json:"smallest_pixels"`      // the area of the largest piece of it, in pixels of what the network sees
}

// network is what one kind of network sees.
type network struct {
	name       string
	resolution int
	regions    func(dataset.Image) ([]image.Rectangle, error) // of a photo, that it is given
	tested     bool                                           // whether it is given test photos
}

// networks are those of an experiment that see photos of a class.
func (v views) networks(exp *experiment.Experiment, class string) []network {
	var list []network
	if r := loraResolution(exp, class); r > 0 {
		list = append(list, network{"LoRAs", r, func(img dataset.Image) ([]image.Rectangle, error) { return v.ofLoRAs(img, r) }, false})
	}
	if exp.Conditions != nil {
		r := 0
		for _, c := range exp.ExpandConditions() {
			r = least(r, c.Classifier.Resolution)
		}
		list = append(list, network{"classifiers", r, v.ofClassifiers, true})
	}
	return list
}

// loraResolution is the smallest at which LoRAs learn photos of a class; 0 if none does.
func loraResolution(exp *experiment.Experiment, class string) (smallest int) {
	if exp.Patterns != nil && (class == exp.Patterns.Defect || class == exp.Dataset.Good) {
		for _, p := range exp.ExpandPatterns() {
			smallest = least(smallest, p.Resolution)
		}
	}
	if exp.Conditions != nil {
		for _, c := range exp.ExpandConditions() {
			if c.Of(class, exp.Dataset.Good).Generated > 0 && c.LoRA.Patterns[class] == "" && c.LoRA.Generate.Uses(experiment.InputLoRA) {
				smallest = least(smallest, c.LoRA.Resolution)
			}
		}
	}
	return smallest
}

// least is the smaller of two resolutions, where 0 is none.
func least(a, b int) int {
	if a == 0 || b < a && b > 0 {
		return b
	}
	return a
}

// ofLoRAs is what LoRAs are given of a photo.
func (v views) ofLoRAs(img dataset.Image, resolution int) (regions []image.Rectangle, err error) {
	var region image.Rectangle
	switch {
	case v.Crop != nil && img.Class == v.Good:
		return nil, nil // squares, whose sizes are those around defects
	case v.Crop != nil:
		region, err = v.around(img, resolution)
	case v.tiled():
		region, err = v.standing(img)
	default:
		region.Max, err = sizeOf(img)
	}
	return []image.Rectangle{region}, err
}

// ofClassifiers is what classifiers are given of a photo.
func (v views) ofClassifiers(img dataset.Image) ([]image.Rectangle, error) {
	size, err := sizeOf(img)
	if err == nil && v.tiled() {
		return tilesOf(size, v.Fit.Tiles), nil
	}
	return []image.Rectangle{{Max: size}}, err
}

// fitted is how much of a region is seen when it is made a square, and how much larger its
// pixels are then, across and down.
func (v views) fitted(region image.Rectangle, resolution int) (visible image.Rectangle, across, down float64) {
	size, r := region.Size(), float64(resolution)
	switch v.Fit.How {
	case experiment.FitStretch:
		return region, r / float64(size.X), r / float64(size.Y)
	case experiment.FitPad:
		scale := r / float64(max(size.X, size.Y))
		return region, scale, scale
	}
	side := min(size.X, size.Y)
	visible = image.Rect(0, 0, side, side).Add(region.Min).Add(image.Pt((size.X-side)/2, (size.Y-side)/2))
	return visible, r / float64(side), r / float64(side)
}

// seenBy sums up what a network sees of some photos. What is kept from its training says
// nothing of how small the defects are that it learns.
func (v views) seenBy(n network, photos []dataset.Image, kept map[string]bool) (SeenView, error) {
	view := SeenView{Network: n.name, Resolution: n.resolution}
	for _, img := range photos {
		regions, err := n.regions(img)
		if err != nil {
			return view, err
		}
		size := 0.0
		for _, region := range regions {
			visible, across, down := v.fitted(region, n.resolution)
			share := 1 - area(visible)/area(region)
			view.CutMean += share / float64(len(regions)*len(photos))
			if share > view.CutWorst {
				view.CutWorst, view.Worst = share, img.Name
			}
			if m := img.Mask(); m != nil {
				view.defect(img, region, visible)
				size = max(size, float64(m.LargestIn(visible))*across*down)
			}
		}
		if size > 0 && (view.Smallest == "" || size < view.SmallestPx) && (n.tested || !kept[img.SHA256]) {
			view.Smallest, view.SmallestPx = img.Name, size
		}
	}
	return view, nil
}

// defect adds what is cut away of a photo's defect in a region.
func (view *SeenView) defect(img dataset.Image, region, visible image.Rectangle) {
	all, seen := img.Mask().CountIn(region), img.Mask().CountIn(visible)
	if seen < all && view.FirstLost == "" {
		view.FirstLost = img.Name
	}
	switch {
	case seen == all:
	case seen == 0:
		view.Lost++
	default:
		view.Cut++
	}
}

func area(r image.Rectangle) float64 { return float64(r.Dx()) * float64(r.Dy()) }
