package stage

import "slices"

// KindJudge is the kind of its tasks.
const KindJudge = "judge"

// Judge asks what a kept classifier says of a task's images.
type Judge struct {
	Classifier Ref    `json:"classifier"`       // the folder of its artifact
	Label      string `json:"label"`            // the class that the images are called
	Folder     Ref    `json:"folder,omitempty"` // when not resolved
	Count      int    `json:"count,omitempty"`
	Photos     []Ref  `json:"photos,omitempty"` // instead of the folder's images
	Images     []Ref  `json:"images,omitempty"` // either, when resolved

	Rendering
}

// Judged counts the images.
func (s Judge) Judged() int { return len(s.Photos) + s.Count }

// Kind implements Spec.
func (Judge) Kind() string { return KindJudge }

// Resolve implements Spec.
func (s Judge) Resolve(f func(Ref) Ref) Spec {
	s.Classifier = f(s.Classifier)
	s.Images = mapped(s.Photos, f)
	for _, img := range (Labeled{Path: s.Folder, Count: s.Count}).each() {
		s.Images = append(s.Images, f(img.Path))
	}
	s.Photos, s.Folder, s.Count = nil, "", 0
	return s
}

// Reads implements Spec.
func (s Judge) Reads() []Reading { return []Reading{{Test, "judged", slices.Values(s.Photos)}} }

// Opens implements Spec.
func (Judge) Opens() Ref { return "" }

// Keeps implements Spec.
func (Judge) Keeps() string { return "" }

// GroupKey implements Spec.
func (Judge) GroupKey() string { return "" }

// Effort implements Spec.
func (s Judge) Effort() float64 { return float64(s.Judged()) }

// Output implements Spec.
func (Judge) Output() Output { return Output{TableBytes: 1 << 14} }

// Batch implements Spec.
func (s Judge) Batch() (images, pieces int) { return min(measuredAtOnce, s.Judged()), 1 }

// InPieces implements Spec.
func (Judge) InPieces(pieces int) map[string]any { return map[string]any{"parts": pieces} }

// Smaller implements Spec.
func (Judge) Smaller() string { return "a smaller classifier.resolution" }

// Curve implements Spec.
func (Judge) Curve() string { return "" }
