package plan

import (
	"kizu/orchestrator/dataset"
)

// The kinds of task, which are also the names of the Python stages.
const (
	KindTrainLoRA = "train_lora"
	KindGenerate  = "generate"
	KindClassify  = "classify"
	KindMeasure   = "measure"
)

// kinds lists them in the order of a table.
var kinds = []string{KindTrainLoRA, KindGenerate, KindClassify, KindMeasure}

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
// of and, once its Refs are resolved to paths, what the Python stage reads.
type Spec interface {
	// Resolve returns a copy with every Ref replaced.
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
}

// Resolve implements Spec.
func (s TrainLoRA) Resolve(f func(Ref) Ref) Spec {
	s.Base = f(s.Base)
	s.Instance.Images = mapped(s.Instance.Images, f)
	s.Class.Images = mapped(s.Class.Images, f)
	return s
}

// Generate asks for images by img2img (SDEdit, Meng et al., arXiv 2108.01073).
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
	Images         []NewImage `json:"images"`
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
	images := make([]NewImage, len(s.Images))
	for i, img := range s.Images {
		img.Source = f(img.Source)
		images[i] = img
	}
	s.Images = images
	return s
}

// Classify asks for a classifier to be trained and its test predictions.
type Classify struct {
	Seed         int64     `json:"seed"`
	Model        string    `json:"model"`
	Weights      Ref       `json:"weights"`
	Resolution   int       `json:"resolution"`
	Epochs       int       `json:"epochs,omitempty"`
	Steps        int       `json:"steps,omitempty"`
	BatchSize    int       `json:"batch_size"`
	LearningRate float64   `json:"learning_rate"`
	WeightDecay  float64   `json:"weight_decay"`
	Precision    string    `json:"precision"`
	Sampling     string    `json:"sampling"` // plain or balanced
	Classes      []string  `json:"classes"`
	Train        []Labeled `json:"train"`
	Test         []Labeled `json:"test"`
	HeldOut      []Labeled `json:"held_out,omitempty"` // generated images that train nothing; their features are stored
}

// Labeled is an image with its class.
type Labeled struct {
	Path  Ref    `json:"path"`
	Class int    `json:"class"`          // index into Classes
	Name  string `json:"name,omitempty"` // a test image's name in predictions.csv
}

// Resolve implements Spec.
func (s Classify) Resolve(f func(Ref) Ref) Spec {
	s.Weights = f(s.Weights)
	resolve := func(images []Labeled) []Labeled {
		resolved := make([]Labeled, len(images))
		for i, img := range images {
			img.Path = f(img.Path)
			resolved[i] = img
		}
		return resolved
	}
	s.Train, s.Test = resolve(s.Train), resolve(s.Test)
	if len(s.HeldOut) > 0 {
		s.HeldOut = resolve(s.HeldOut)
	}
	return s
}

// Measure asks for the features of images, by the network that classifiers
// start from or, without a resolution and calibration, by a vision transformer.
type Measure struct {
	Model       string `json:"model"`
	Weights     Ref    `json:"weights"`
	Resolution  int    `json:"resolution"`
	Calibration []Ref  `json:"calibration"` // photos for batch-norm statistics, the same in a whole study
	Images      []Ref  `json:"images"`      // a row of features each
}

// Resolve implements Spec.
func (s Measure) Resolve(f func(Ref) Ref) Spec {
	s.Weights = f(s.Weights)
	s.Calibration = mapped(s.Calibration, f)
	s.Images = mapped(s.Images, f)
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
