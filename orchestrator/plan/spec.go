package plan

import (
	"fmt"
	"slices"
	"strconv"

	"kizu/orchestrator/dataset"
)

// The kinds of task, which are also the names of the Python stages.
const (
	KindTrainLoRA  = "train_lora"
	KindGenerate   = "generate"
	KindAutoencode = "autoencode"
	KindClassify   = "classify"
	KindMeasure    = "measure"
)

// Kinds lists them in the order of a table.
var Kinds = []string{KindTrainLoRA, KindGenerate, KindAutoencode, KindClassify, KindMeasure}

// Ref names something by its content, so that a key does not depend on where
// files lie: "sha256:<hash>" for an image, a model folder or a weights file,
// "artifact:<kind>/<key>/<file>" for part of an artifact, "name:<text>" for
// what the worker knows by name (a Hugging Face id, torchvision's weights).
type Ref string

// Prefixes of a Ref.
const (
	byHash     = "sha256:"
	byArtifact = "artifact:"
	byName     = "name:"
)

// Spec is what a stage is asked to do. Its JSON is both what the key is made
// of and, once resolved, what the Python stage reads. A plan has thousands, so
// generated images are not listed before that.
type Spec interface {
	// Resolve returns a copy with every Ref replaced and every image listed.
	Resolve(f func(Ref) Ref) Spec
}

// Prompted is a set of images that share a prompt.
type Prompted struct {
	Prompt string `json:"prompt"`
	Images []Ref  `json:"images"`
}

// TrainLoRA asks for a DreamBooth LoRA (Ruiz et al., arXiv 2208.12242; Hu et
// al., arXiv 2106.09685).
type TrainLoRA struct {
	Base       Ref      `json:"base"`
	Seed       int64    `json:"seed"`
	Resolution int      `json:"resolution"`
	Instance   Prompted `json:"instance"`
	Class      Prompted `json:"class"` // regularization images
	Steps      int      `json:"steps"`

	Levels dataset.Levels `json:"levels,omitempty"` // of 16-bit photos

	Rank        int     `json:"rank"`
	Alpha       float64 `json:"alpha"`
	Target      string  `json:"target"`
	TextEncoder bool    `json:"text_encoder"`

	LearningRate            float64 `json:"learning_rate"`
	TextEncoderLearningRate float64 `json:"text_encoder_learning_rate"`
	Schedule                string  `json:"schedule"`
	WarmupSteps             int     `json:"warmup_steps"`
	Optimizer               string  `json:"optimizer"`

	BatchSize      int     `json:"batch_size"`
	PriorWeight    float64 `json:"prior_weight"`
	Regularization string  `json:"regularization"`
	Repeats        int     `json:"repeats,omitempty"` // of regularization kohya only
	MinSNRGamma    float64 `json:"min_snr_gamma"`
	Flip           bool    `json:"flip"`

	Precision             string `json:"precision"`
	GradientAccumulation  int    `json:"gradient_accumulation"`
	GradientCheckpointing bool   `json:"gradient_checkpointing"`

	shared string // part of the recipe, where it is known
}

// Resolve implements Spec.
func (s TrainLoRA) Resolve(f func(Ref) Ref) Spec {
	s.Base = f(s.Base)
	s.Instance.Images = mapped(s.Instance.Images, f)
	s.Class.Images = mapped(s.Class.Images, f)
	return s
}

// Generate asks for images by img2img (SDEdit, Meng et al., arXiv 2108.01073).
// Seed, Sources and Count stand for Images until it is resolved.
type Generate struct {
	Base           Ref        `json:"base"`
	LoRA           Ref        `json:"lora"` // "" for the base model alone
	Prompt         string     `json:"prompt"`
	NegativePrompt string     `json:"negative_prompt"`
	Resolution     int        `json:"resolution"`
	Strength       float64    `json:"strength"`
	Steps          int        `json:"steps"`
	Guidance       float64    `json:"guidance"`
	Sampler        string     `json:"sampler"` // base, or one of experiment.Samplers
	BatchSize      int        `json:"batch_size"`
	Precision      string     `json:"precision"`
	Seed           int64      `json:"seed,omitempty"`    // each image's is derived from it
	Sources        []Ref      `json:"sources,omitempty"` // photos that img2img starts from, taken in turn
	Count          int        `json:"count,omitempty"`
	Images         []NewImage `json:"images,omitempty"` // when resolved

	Levels dataset.Levels `json:"levels,omitempty"` // of 16-bit photos
}

// NewImage is one image to generate.
type NewImage struct {
	Name   string `json:"name"`   // of the PNG file
	Source Ref    `json:"source"` // the photo that img2img starts from
	Seed   int64  `json:"seed"`
}

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
		images[i] = NewImage{Name: imageName(i), Source: s.Sources[i%len(s.Sources)], Seed: Seed(s.Seed, strconv.Itoa(i))}
	}
	return images
}

// imageName is the file name of the i-th generated image.
func imageName(i int) string { return fmt.Sprintf("%04d.png", i) }

// Measure asks for the features of images, by the network that classifiers
// start from or, without a resolution and calibration, by a vision transformer.
type Measure struct {
	Model       string `json:"model"`
	Weights     Ref    `json:"weights"`
	Resolution  int    `json:"resolution"`
	Calibration []Ref  `json:"calibration"`        // photos for batch-norm statistics, the same in a whole study
	Images      []Ref  `json:"images"`             // a row of features each
	Mirrored    []Ref  `json:"mirrored,omitempty"` // and then a row for each of these photos' mirror images
	Folder      Ref    `json:"folder,omitempty"`   // of images that a task made, to measure as well, when not resolved
	Count       int    `json:"count,omitempty"`    // of them

	Levels dataset.Levels `json:"levels,omitempty"` // of 16-bit photos
}

// Measured counts the rows of features.
func (s Measure) Measured() int { return len(s.Images) + len(s.Mirrored) + s.Count }

// Resolve implements Spec.
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

func mapped(refs []Ref, f func(Ref) Ref) []Ref {
	result := make([]Ref, len(refs))
	for i, ref := range refs {
		result[i] = f(ref)
	}
	return result
}

func imageRef(img dataset.Image) Ref { return Ref(byHash + img.SHA256) }
