package stage

import "kizu/orchestrator/experiment"

// KindDetect is the kind of its tasks.
const KindDetect = "detect"

// Detect asks for a detector to be made of photos of good parts, and its scores of test photos.
type Detect struct {
	Seed       int64  `json:"seed"`
	Model      string `json:"model"`
	Weights    Ref    `json:"weights"`
	Resolution int    `json:"resolution"`
	Precision  string `json:"precision"`
	experiment.Detection
	Classes []string  `json:"classes"`
	Train   []Labeled `json:"train"` // of the good class, each in a fold; those of one name are tiles of one photo
	Test    []Labeled `json:"test"`  // likewise, without folds

	Rendering
}

// Remembered lists the photos that it is made of, Tested those that it scores: of one in tiles,
// the first.
func (s Detect) Remembered() []Labeled { return photosOf(s.Train) }

// Tested lists the test photos.
func (s Detect) Tested() []Labeled { return photosOf(s.Test) }

// Kind and the methods below implement Spec.
func (Detect) Kind() string { return KindDetect }

func (s Detect) Resolve(f func(Ref) Ref) Spec {
	s.Weights = f(s.Weights)
	s.Train, s.Test = resolved(s.Train, f), resolved(s.Test, f)
	return s
}

func (s Detect) Reads() []Reading {
	return []Reading{{Training, "remembered", pathsOf(s.Train)}, {Test, "tested on", pathsOf(s.Test)}}
}

// Backbone implements Backboned.
func (s Detect) Backbone() string { return s.Model }
func (s Detect) Opens() Ref       { return s.Weights }
func (Detect) Keeps() string      { return "" }
func (Detect) GroupKey() string   { return "" }

// Effort implements Spec: every fold sees all photos, those that it remembers and those that it
// scores.
func (s Detect) Effort() float64                  { return float64((1+s.Folds)*len(s.Train) + len(s.Test)) }
func (s Detect) Output() Output                   { return Output{TableBytes: 1 << 20} }
func (s Detect) Batch() (images, pieces int)      { return min(measuredAtOnce, len(s.Train)), 1 }
func (Detect) InPieces(pieces int) map[string]any { return map[string]any{"parts": pieces} }
func (Detect) Smaller() string                    { return "a smaller coreset of the detector or classifier.resolution" }
func (Detect) Curve() string                      { return "" }

// RandomSeed implements Seeded.
func (s Detect) RandomSeed() int64 { return s.Seed }
