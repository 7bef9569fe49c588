package stage

import "slices"

// KindAutoencode is the kind of its tasks.
const KindAutoencode = "autoencode"

// Autoencode asks for photos as the base model's autoencoder gives them back. They are controls:
// what a measure says of them it says of the autoencoder, through which every generated image has
// passed as well. Or they are trained on, so that photos carry its trace as generated images do.
type Autoencode struct {
	Base       Ref    `json:"base"`
	Resolution int    `json:"resolution"`
	Precision  string `json:"precision"`          // of the base model beside the autoencoder, which is float32
	Images     []Ref  `json:"images"`             // a picture each
	Mirrored   []Ref  `json:"mirrored,omitempty"` // and then a picture of each of these photos' mirror images

	Trains bool `json:"-"` // its pictures are trained on: the same pictures, under the same key

	Rendering
}

// Made counts the pictures.
func (s Autoencode) Made() int { return len(s.Images) + len(s.Mirrored) }

// Kind and the methods below implement Spec.
func (Autoencode) Kind() string { return KindAutoencode }

func (s Autoencode) Resolve(f func(Ref) Ref) Spec {
	s.Base = f(s.Base)
	s.Images = mapped(s.Images, f)
	if s.Mirrored != nil {
		s.Mirrored = mapped(s.Mirrored, f)
	}
	return s
}

func (s Autoencode) Reads() []Reading {
	role := Control
	if s.Trains {
		role = Decoded
	}
	return []Reading{
		{role, "autoencoded", slices.Values(s.Images)},
		{role, "mirrored and autoencoded", slices.Values(s.Mirrored)},
	}
}

func (s Autoencode) Opens() Ref      { return s.Base }
func (s Autoencode) Keeps() string   { return string(s.Base) + " " + s.Precision }
func (Autoencode) GroupKey() string  { return "" }
func (s Autoencode) Effort() float64 { return float64(2 * s.Made()) } // there and back
func (s Autoencode) Output() Output  { return pictures(s.Made(), s.Resolution) }

// Batch implements Spec: it takes one picture at a time.
func (Autoencode) Batch() (images, pieces int) { return 1, 1 }
func (Autoencode) InPieces(int) map[string]any { return nil }
func (Autoencode) Smaller() string             { return "a smaller lora.resolution" }
func (Autoencode) Curve() string               { return "" }
