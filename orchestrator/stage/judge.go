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

// Kind and the methods below implement Spec.
func (Judge) Kind() string { return KindJudge }

func (s Judge) Resolve(f func(Ref) Ref) Spec {
	s.Classifier = f(s.Classifier)
	s.Images = mapped(s.Photos, f)
	for _, img := range (Labeled{Path: s.Folder, Count: s.Count}).each() {
		s.Images = append(s.Images, f(img.Path))
	}
	s.Photos, s.Folder, s.Count = nil, "", 0
	return s
}

func (s Judge) Reads() []Reading                 { return []Reading{{Test, "judged", slices.Values(s.Photos)}} }
func (Judge) Opens() Ref                         { return "" }
func (Judge) Keeps() string                      { return "" }
func (Judge) GroupKey() string                   { return "" }
func (s Judge) Effort() float64                  { return float64(s.Judged()) }
func (Judge) Output() Output                     { return Output{TableBytes: 1 << 14} }
func (s Judge) Batch() (images, pieces int)      { return min(measuredAtOnce, s.Judged()), 1 }
func (Judge) InPieces(pieces int) map[string]any { return map[string]any{"parts": pieces} }
func (Judge) Smaller() string                    { return "a smaller classifier.resolution" }
func (Judge) Curve() string                      { return "" }
