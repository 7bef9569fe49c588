package stage

import (
	"slices"

	"kizu/orchestrator/experiment"
)

// KindChoose is the kind of its tasks.
const KindChoose = "choose"

// Choose asks for one of several candidates for each image, by a rule. Sources and Count
// stand for Images until it is resolved.
type Choose struct {
	By         string   `json:"by"`
	Candidates []Ref    `json:"candidates"` // artifacts of Generate, made alike but for their seeds
	Sources    []Ref    `json:"sources,omitempty"`
	Count      int      `json:"count,omitempty"`
	Images     []Chosen `json:"images,omitempty"` // when resolved

	// Of a rule that goes by features: what gives them, and photos to compare images with.
	Model      string `json:"model,omitempty"`
	Weights    Ref    `json:"weights,omitempty"`
	Resolution int    `json:"resolution,omitempty"`

	Calibration []Ref `json:"calibration,omitempty"` // photos for batch-norm statistics
	Guides

	Rendering

	Bytes int64 `json:"-"` // that a set of candidates takes
}

// Guides are photos by which images are chosen.
type Guides struct {
	Photos []Ref `json:"photos,omitempty"` // training photos of the class
	Others []Ref `json:"others,omitempty"` // of good parts or, for images of these, of defects
}

// Guided says whether images are chosen by such photos.
func (g Guides) Guided() bool { return len(g.Photos) > 0 }

// Chosen is one image to choose.
type Chosen struct {
	Name   string `json:"name"`   // of its candidates' files, and of its own
	Source Ref    `json:"source"` // the photo that it starts from; "" for none
}

// Kind and the methods below implement Spec.
func (Choose) Kind() string { return KindChoose }

func (s Choose) Resolve(f func(Ref) Ref) Spec {
	s.Candidates = mapped(s.Candidates, f)
	s.Calibration, s.Photos, s.Others = mapped(s.Calibration, f), mapped(s.Photos, f), mapped(s.Others, f)
	if s.Weights != "" {
		s.Weights = f(s.Weights)
	}
	sources := mapped(s.Sources, f)
	s.Images = make([]Chosen, s.Count)
	for i := range s.Images {
		s.Images[i] = Chosen{imageName(i), inTurn(sources, i)}
	}
	s.Sources, s.Count = nil, 0
	return s
}

func (s Choose) Reads() []Reading {
	var list []Reading
	if len(s.Sources) > 0 {
		list = append(list, Reading{Source, "chosen images differ from", slices.Values(s.Sources)})
	}
	if s.Guided() {
		list = append(list,
			Reading{Calibration, "calibrated on", slices.Values(s.Calibration)},
			Reading{Guide, "chosen images are near", slices.Values(s.Photos)},
			Reading{Guide, "chosen images are nearer to these than", slices.Values(s.Others)})
	}
	return list
}

// Backbone implements Backboned.
func (s Choose) Backbone() string { return s.Model }
func (s Choose) Opens() Ref       { return s.Weights }
func (Choose) Keeps() string      { return "" }
func (Choose) GroupKey() string   { return "" }

func (s Choose) Effort() float64 {
	return float64(s.Count*len(s.Candidates) + len(s.Calibration) + len(s.Photos) + len(s.Others))
}

// Output implements Spec: what is kept is copied, so that it does not depend on candidates
// that are in other artifacts.
func (s Choose) Output() Output                   { return Output{Images: s.Count, ImageBytes: s.Bytes} }
func (s Choose) Batch() (images, pieces int)      { return min(measuredAtOnce, s.Count), 1 }
func (Choose) InPieces(pieces int) map[string]any { return map[string]any{"parts": pieces} }
func (Choose) Smaller() string                    { return "generate.select.by " + experiment.ByChange }
func (Choose) Curve() string                      { return "" }
