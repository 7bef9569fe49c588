package stage

import "slices"

// KindMeasure is the kind of its tasks.
const KindMeasure = "measure"

// Measure asks for the features of images, by the network that classifiers
// start from or, without a resolution and calibration, by a vision transformer.
type Measure struct {
	Model       string `json:"model"`
	Weights     Ref    `json:"weights"`
	Resolution  int    `json:"resolution"`
	Calibration []Ref  `json:"calibration"`        // photos for batch-norm statistics, the same in a whole experiment
	Images      []Ref  `json:"images"`             // a row of features each
	Mirrored    []Ref  `json:"mirrored,omitempty"` // and then a row for each of these photos' mirror images
	Folder      Ref    `json:"folder,omitempty"`   // of images that a task made, to measure as well, when not resolved
	Count       int    `json:"count,omitempty"`    // of them

	Rendering
}

// Measured counts the rows of features.
func (s Measure) Measured() int { return len(s.Images) + len(s.Mirrored) + s.Count }

// Kind and the methods below implement Spec.
func (Measure) Kind() string { return KindMeasure }

func (s Measure) Resolve(f func(Ref) Ref) Spec {
	s.Weights = f(s.Weights)
	s.Calibration = mapped(s.Calibration, f)
	images := slices.Clip(s.Images)
	for _, img := range (Labeled{Path: s.Folder, Count: s.Count}).each() {
		images = append(images, img.Path)
	}
	s.Images, s.Folder, s.Count = mapped(images, f), "", 0
	if s.Mirrored != nil {
		s.Mirrored = mapped(s.Mirrored, f)
	}
	return s
}

func (s Measure) Reads() []Reading {
	return []Reading{
		{Calibration, "calibrated on", slices.Values(s.Calibration)},
		{Compared, "measured", slices.Values(s.Images)},
		{Compared, "mirrored and measured", slices.Values(s.Mirrored)},
	}
}

// Backbone implements Backboned.
func (s Measure) Backbone() string { return s.Model }
func (s Measure) Opens() Ref       { return s.Weights }
func (Measure) Keeps() string      { return "" }
func (Measure) GroupKey() string   { return "" }
func (s Measure) Effort() float64  { return float64(len(s.Calibration) + s.Measured()) }

// greyBytes is what the small grey picture of an image takes, 32×32 in float32.
const greyBytes = 32 * 32 * 4

func (s Measure) Output() Output {
	return Output{TableBytes: int64(s.Measured()) * (featureBytes(s.Model) + greyBytes)}
}

// measuredAtOnce is how many images are measured at once, at most; see
// scripts/classifier/network.py.
const measuredAtOnce = 64

func (s Measure) Batch() (images, pieces int)      { return min(measuredAtOnce, s.Measured()), 1 }
func (Measure) InPieces(pieces int) map[string]any { return map[string]any{"parts": pieces} }
func (Measure) Smaller() string                    { return "a smaller model" }
func (Measure) Curve() string                      { return "" }
