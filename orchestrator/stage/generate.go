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
// Seed, Ingredients and Count stand for Images until it is resolved.
type Generate struct {
	Method         string         `json:"method,omitempty"` // "" for experiment.UsualMethod
	Options        map[string]any `json:"options,omitempty"`
	Good           bool           `json:"good,omitempty"` // of good parts; said to methods without a prompt only
	Base           Ref            `json:"base"`           // "" for a method without one, as for LoRA
	LoRA           Ref            `json:"lora"`           // "" for the base model alone
	Prompt         string         `json:"prompt"`
	NegativePrompt string         `json:"negative_prompt"`
	Resolution     int            `json:"resolution"` // the base model's; 0 without one
	experiment.Denoising
	Seed int64 `json:"seed,omitempty"` // each image's is derived from it
	Ingredients
	Count  int        `json:"count,omitempty"`
	Images []NewImage `json:"images,omitempty"` // when resolved

	Rendering

	Run    int `json:"-"` // denoising steps, where it is not experiment.DenoisingSteps
	Pixels int `json:"-"` // of an image, about, where it has the size of its source; 0 for that of the resolution
}

// Ingredients are the photos that images are made from. The i-th image is given the i-th
// of each list, which begins anew when it ends; a list is empty where the method uses none.
type Ingredients struct {
	Sources []Ref   `json:"sources,omitempty"` // photos of good parts
	Defects []Ref   `json:"defects,omitempty"` // photos of what is to be seen in the images
	Masks   [][]Ref `json:"masks,omitempty"`   // of one defect each, in one file or more
}

// of are the ingredients of the i-th image.
func (in Ingredients) of(i int) (source, defect Ref, masks []Ref) {
	return inTurn(in.Sources, i), inTurn(in.Defects, i), inTurn(in.Masks, i)
}

func inTurn[T any](list []T, i int) (item T) {
	if len(list) > 0 {
		item = list[i%len(list)]
	}
	return item
}

// NewImage is one image to generate.
type NewImage struct {
	Name   string `json:"name"`   // of the PNG file
	Source Ref    `json:"source"` // the photo that it starts from; "" for none
	Seed   int64  `json:"seed"`
	Defect Ref    `json:"defect,omitempty"`
	Masks  []Ref  `json:"masks,omitempty"`
}

// Kind and the methods below implement Spec.
func (Generate) Kind() string { return KindGenerate }

func (s Generate) Resolve(f func(Ref) Ref) Spec {
	for _, model := range []*Ref{&s.Base, &s.LoRA} {
		if *model != "" {
			*model = f(*model)
		}
	}
	s.Sources, s.Defects = mapped(s.Sources, f), mapped(s.Defects, f)
	s.Masks = mappedAll(s.Masks, f)
	s.Images = s.NewImages()
	s.Seed, s.Ingredients, s.Count = 0, Ingredients{}, 0
	return s
}

// NewImages lists the images. The seed of one depends on the task's and its
// number only.
func (s Generate) NewImages() []NewImage {
	images := make([]NewImage, s.Count)
	for i := range images {
		images[i] = NewImage{Name: imageName(i), Seed: Seed(s.Seed, strconv.Itoa(i))}
		images[i].Source, images[i].Defect, images[i].Masks = s.of(i)
	}
	return images
}

// imageName is the file name of the i-th generated image.
func imageName(i int) string { return fmt.Sprintf("%04d.png", i) }

func (s Generate) Reads() []Reading {
	images := "1 image"
	if s.Count != 1 {
		images = fmt.Sprintf("%d images", s.Count)
	}
	if s.Prompt != "" {
		images += " of “" + s.Prompt + "”"
	}
	list := []Reading{{Source, images + " start from", slices.Values(s.Sources)}}
	if len(s.Defects) > 0 {
		shown := Reading{Reference, images + " look like", slices.Values(s.Defects)}
		if s.masks() {
			shown.Role, shown.How = Pasted, "patches are in "+images
		}
		list = append(list, shown)
	}
	if len(s.Masks) > 0 {
		list = append(list, Reading{Mask, images + " are made in", slices.Values(slices.Concat(s.Masks...))})
	}
	return list
}

// masks says whether each image comes with a mask, outside which it is its source.
func (s Generate) masks() bool { return experiment.Methods[s.Method].Masks }
func (s Generate) Opens() Ref  { return s.Base }

func (s Generate) Keeps() string {
	if s.Base == "" {
		return ""
	}
	return string(s.Base) + " " + s.Precision
}

// GroupKey implements Spec: batches are filled across tasks, with other LoRAs
// and prompts in one batch.
func (s Generate) GroupKey() string {
	return fmt.Sprint(s.Kind(), s.Method, s.Options, s.Base, s.Precision, s.Resolution, s.Strength, s.Steps, s.Guidance, s.Sampler, s.BatchSize, s.Levels, s.Fit)
}

func (s Generate) Effort() float64 {
	passes := 2 * max(1, experiment.Methods[s.Method].Passes)
	return float64(passes * s.Count * max(1, s.Run, experiment.DenoisingSteps(s.Steps, s.Strength)))
}

func (s Generate) Output() Output {
	output := pictures(s.Count, s.Resolution)
	if s.Pixels > 0 {
		output.ImageBytes = int64(s.Count) * int64(s.Pixels) * bytesPerPixel
	}
	return output // masks beside the images take next to nothing
}

func (s Generate) Batch() (images, pieces int) { return s.BatchSize, 1 }

// InPieces implements Spec: images do not depend on those beside them.
func (s Generate) InPieces(pieces int) map[string]any {
	return map[string]any{"batch_size": (s.BatchSize + pieces - 1) / pieces}
}

func (Generate) Smaller() string { return "a smaller lora.resolution or generate.precision bf16" }
func (Generate) Curve() string   { return "" }
