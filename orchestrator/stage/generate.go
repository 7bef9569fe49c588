package stage

import (
	"fmt"
	"slices"
	"strconv"

	"kizu/orchestrator/experiment"
)

// KindGenerate is the kind of its tasks.
const KindGenerate = "generate"

// Generate asks for images by a method, which scripts/generation/methods describes.
// Seed, Sources and Count stand for Images until it is resolved.
type Generate struct {
	Method         string `json:"method,omitempty"` // "" for experiment.UsualMethod
	Base           Ref    `json:"base"`
	LoRA           Ref    `json:"lora"` // "" for the base model alone
	Prompt         string `json:"prompt"`
	NegativePrompt string `json:"negative_prompt"`
	Resolution     int    `json:"resolution"`
	experiment.Denoising
	Seed    int64      `json:"seed,omitempty"`    // each image's is derived from it
	Sources []Ref      `json:"sources,omitempty"` // photos that images start from, taken in turn; none where the method starts from none
	Count   int        `json:"count,omitempty"`
	Images  []NewImage `json:"images,omitempty"` // when resolved

	Rendering
}

// NewImage is one image to generate.
type NewImage struct {
	Name   string `json:"name"`   // of the PNG file
	Source Ref    `json:"source"` // the photo that it starts from; "" for none
	Seed   int64  `json:"seed"`
}

// Kind implements Spec.
func (Generate) Kind() string { return KindGenerate }

// Resolve implements Spec.
func (s Generate) Resolve(f func(Ref) Ref) Spec {
	s.Base = f(s.Base)
	if s.LoRA != "" {
		s.LoRA = f(s.LoRA)
	}
	s.Sources = mapped(s.Sources, f)
	s.Images = s.NewImages()
	s.Seed, s.Sources, s.Count = 0, nil, 0
	return s
}

// NewImages lists the images. The seed of one depends on the task's and its
// number only.
func (s Generate) NewImages() []NewImage {
	images := make([]NewImage, s.Count)
	for i := range images {
		images[i] = NewImage{Name: imageName(i), Seed: Seed(s.Seed, strconv.Itoa(i))}
		if len(s.Sources) > 0 {
			images[i].Source = s.Sources[i%len(s.Sources)]
		}
	}
	return images
}

// imageName is the file name of the i-th generated image.
func imageName(i int) string { return fmt.Sprintf("%04d.png", i) }

// Reads implements Spec.
func (s Generate) Reads() []Reading {
	images := "1 image"
	if s.Count != 1 {
		images = fmt.Sprintf("%d images", s.Count)
	}
	return []Reading{{Source, images + " of “" + s.Prompt + "” start from", slices.Values(s.Sources)}}
}

// Opens implements Spec.
func (s Generate) Opens() Ref { return s.Base }

// Keeps implements Spec.
func (s Generate) Keeps() string { return string(s.Base) + " " + s.Precision }

// GroupKey implements Spec: batches are filled across tasks, with other LoRAs
// and prompts in one batch.
func (s Generate) GroupKey() string {
	return fmt.Sprint(s.Kind(), s.Method, s.Base, s.Precision, s.Resolution, s.Strength, s.Steps, s.Guidance, s.Sampler, s.BatchSize, s.Levels, s.Fit)
}

// Effort implements Spec.
func (s Generate) Effort() float64 {
	return float64(2 * s.Count * max(1, experiment.DenoisingSteps(s.Steps, s.Strength)))
}

// Output implements Spec.
func (s Generate) Output() Output { return pictures(s.Count, s.Resolution) }

// Batch implements Spec.
func (s Generate) Batch() (images, pieces int) { return s.BatchSize, 1 }

// InPieces implements Spec: images do not depend on those beside them.
func (s Generate) InPieces(pieces int) map[string]any {
	return map[string]any{"batch_size": (s.BatchSize + pieces - 1) / pieces}
}

// Smaller implements Spec.
func (Generate) Smaller() string { return "a smaller lora.resolution or generate.precision bf16" }

// Curve implements Spec.
func (Generate) Curve() string { return "" }
