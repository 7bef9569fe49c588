// Package experiment reads an experiment file and turns it into cells: the
// patterns of the generation study and the conditions of the classification
// study, each at one seed. It is pure: it looks at the file's text only, never
// at images, models or the machine.
package experiment

import (
	"fmt"
	"strings"
)

// Experiment is one experiment file, with every default filled in.
type Experiment struct {
	Name       string      `yaml:"name"`
	Question   string      `yaml:"question"`
	Seeds      []int64     `yaml:"seeds"`
	Dataset    Dataset     `yaml:"dataset"`
	Base       string      `yaml:"base"`
	LoRA       LoRA        `yaml:"lora"`
	Generate   Generate    `yaml:"generate"`
	Patterns   *Patterns   `yaml:"patterns"`
	Conditions *Conditions `yaml:"conditions"`
	Classifier Classifier  `yaml:"classifier"`
	Referee    Referee     `yaml:"referee"`
	Reference  *Reference  `yaml:"reference"`

	// Dir is the folder of the file: relative paths in it start there.
	Dir string `yaml:"-"`
	// File is its whole path.
	File string `yaml:"-"`
	// Changes are the values given on the command line, path=value.
	Changes []string `yaml:"-"`

	origin *origin // nil for one that was not read from a file
}

// Dataset names the photos: one class of good parts and the defect classes.
type Dataset struct {
	Format    string   `yaml:"format"` // one of Choices: how the photos lie
	Root      string   `yaml:"root"`   // may hold ${VARIABLES} of the environment
	Noun      string   `yaml:"noun"`   // what the photos show, as a prompt says it
	Good      string   `yaml:"good"`
	Defects   []string `yaml:"defects"`
	SplitSeed int64    `yaml:"split_seed"` // which images are tested on; the same for every seed
	BitDepth  int      `yaml:"bit_depth"`  // significant bits of 16-bit photos; 0 for all
	Range     string   `yaml:"range"`      // AutoRange, or "" for that of the bits
	Parts     Parts    `yaml:"parts"`      // which photos show one part
	Masks     string   `yaml:"masks"`      // the folder of the defects' masks; "" for the format's own, if it has one
	Fit       Fit      `yaml:"fit"`        // how a photo that is no square is seen
	Crop      *Crop    `yaml:"crop"`       // what LoRAs see of it; nil for what fit says
}

// AutoRange maps 16-bit photos from the values that they use, all of them alike.
const AutoRange = "auto"

// Classes lists the good class and then the defects, in the file's order.
func (d Dataset) Classes() []string {
	return append([]string{d.Good}, d.Defects...)
}

// LoRA is how every LoRA is trained where a pattern does not say otherwise.
type LoRA struct {
	Identifier string `yaml:"identifier"` // the rare word that takes on the defect
	Resolution int    `yaml:"resolution"` // pixels, square
	Steps      int    `yaml:"steps"`      // optimizer steps
	LoRATraining
}

// LoRATraining are the hyper-parameters of a LoRA's training, as an experiment
// file and a spec of the stage train_lora have them. Their order and names in
// JSON are part of every key.
type LoRATraining struct {
	Rank                    int     `yaml:"rank" json:"rank"`
	Alpha                   float64 `yaml:"alpha" json:"alpha"`               // 0 stands for alpha = rank
	Target                  string  `yaml:"target" json:"target"`             // layers of the UNet, joined by +: attention, conv, or names such as to_q
	TextEncoder             bool    `yaml:"text_encoder" json:"text_encoder"` // a LoRA on the text encoders too
	LearningRate            float64 `yaml:"learning_rate" json:"learning_rate"`
	TextEncoderLearningRate float64 `yaml:"text_encoder_learning_rate" json:"text_encoder_learning_rate"` // 0 stands for learning_rate
	Schedule                string  `yaml:"schedule" json:"schedule"`                                     // of the learning rate
	WarmupSteps             int     `yaml:"warmup_steps" json:"warmup_steps"`
	Optimizer               string  `yaml:"optimizer" json:"optimizer"`
	BatchSize               int     `yaml:"batch_size" json:"batch_size"` // instance images a step, which as many class images join; with regularization kohya, both together
	PriorWeight             float64 `yaml:"prior_weight" json:"prior_weight"`
	Regularization          string  `yaml:"regularization" json:"regularization"`                           // how regularization images are used: exact, kohya or diffusers
	Repeats                 int     `yaml:"repeats" json:"repeats,omitempty"`                               // of each instance image in an epoch, with regularization kohya
	RegularizationRepeats   int     `yaml:"regularization_repeats" json:"regularization_repeats,omitempty"` // of each of those images; likewise
	MinSNRGamma             float64 `yaml:"min_snr_gamma" json:"min_snr_gamma"`                             // 0 leaves the losses unweighted
	Flip                    bool    `yaml:"flip" json:"flip"`
	MaskedLoss              bool    `yaml:"masked_loss" json:"-"`             // what a defect's mask does not show counts for Outside
	Outside                 float64 `yaml:"outside" json:"outside,omitempty"` // 0 to 1; it means nothing in a spec without masks
	Precision               string  `yaml:"precision" json:"precision"`
	GradientAccumulation    int     `yaml:"gradient_accumulation" json:"gradient_accumulation"`   // pieces in which a step's batch is computed
	GradientCheckpointing   bool    `yaml:"gradient_checkpointing" json:"gradient_checkpointing"` // less memory, more time
}

// Generate is how images are made, by a method, mostly from photos of good parts.
type Generate struct {
	Method         string `yaml:"method"`
	WithIdentifier bool   `yaml:"with_identifier"` // in the prompt: the LoRA's word for the defect
	NegativePrompt string `yaml:"negative_prompt"`
	Denoising
	Select Select `yaml:"select"`
	Options
}

// Denoising are the hyper-parameters of making images, as an experiment file and a
// spec of the stage generate have them. Their order and names in JSON are part of
// every key.
type Denoising struct {
	Strength  float64 `yaml:"strength" json:"strength"` // share of the noise schedule that is run, 0 to 1
	Steps     int     `yaml:"steps" json:"steps"`       // steps of the whole schedule; int(steps × strength) are run
	Guidance  float64 `yaml:"guidance" json:"guidance"`
	Sampler   string  `yaml:"sampler" json:"sampler"` // base stands for the base model's own
	BatchSize int     `yaml:"batch_size" json:"batch_size"`
	Precision string  `yaml:"precision" json:"precision"`
}

// Recipe is how one LoRA is trained and how images are made with it.
type Recipe struct {
	DefectImages         int      `yaml:"defect_images"`
	RegularizationImages int      `yaml:"regularization_images"`
	SourceImages         int      `yaml:"source_images"` // good images that images start from, in turn; 0 for all
	LoRA                          // its fields, as those of the lora section
	Generate             Generate `yaml:"generate"`
}

// Patterns is study 1: LoRA recipes for one defect, compared by their images.
type Patterns struct {
	Defect   string  `yaml:"defect"`
	Show     int     `yaml:"show"`     // images shown of each pattern: the first, none picked
	Measure  int     `yaml:"measure"`  // images made of each, of which the first are shown
	Seeds    []int64 `yaml:"seeds"`    // the experiment's, unless it gives others
	Baseline bool    `yaml:"baseline"` // images without a LoRA

	Reference string          `yaml:"reference"` // the pattern that a referee's counts of others are compared with; the first
	Features  string          `yaml:"features"`  // what compares images with photos: classifier, dinov2, clip, a folder or a Hugging Face id
	Matrix    []Sweep[Recipe] `yaml:"matrix"`    // entries add up
}

// classifierFeatures are those of the network that classifiers start from.
const classifierFeatures = "classifier"

// FeaturesModel is the vision transformer whose features compare images with
// photos: a folder or a Hugging Face id; "" for classifierFeatures.
func (e *Experiment) FeaturesModel() string {
	if e.Patterns == nil || e.Patterns.Features == classifierFeatures {
		return ""
	}
	return EncoderNamed(e.Patterns.Features)
}

// EncoderNamed is the vision transformer that a setting names, a folder or a Hugging Face id, of
// which two have a word.
func EncoderNamed(name string) string {
	switch name {
	case "dinov2":
		return "facebook/dinov2-small"
	case "clip":
		return "openai/clip-vit-base-patch32"
	}
	return name
}

// Conditions is study 2: training sets of real and generated images, compared
// by the accuracy of the classifier they train on the same real test images.
type Conditions struct {
	Test         TestPhotos        `yaml:"test"`
	LoRA         Sweep[StudyLoRA]  `yaml:"lora"`
	Classifier   Sweep[Classifier] `yaml:"classifier"` // what differs from the classifier section
	TrainingSets TrainingSets      `yaml:"training_sets"`
	Detectors    Detectors         `yaml:"detectors"`
	RealCounts   []int             `yaml:"real_counts"` // of photos of each defect, which say what generated images are worth
	Redraw       bool              `yaml:"redraw"`      // every seed draws its own training photos
	Rival        string            `yaml:"rival"`       // a training set or a condition, which generated images must beat
}

// StudyLoRA is how study 2's LoRAs are made, one LoRA a class. Its good images
// train the good class's LoRA; where the file does not say otherwise they are
// also the regularization images and the sources of its images, so that nothing
// outside the smallest training set is seen.
type StudyLoRA struct {
	GoodImages int               `yaml:"good_images"`
	Patterns   map[string]string `yaml:"patterns"` // class: the pattern of study 1 whose LoRA makes its images instead
	Recipe
}

// TrainingSets keeps the order of the file: it is the order of every table.
type TrainingSets []TrainingSet

// TrainingSet is the composition of one condition's training set.
type TrainingSet struct {
	Name    string `yaml:"-"`
	Good    Counts `yaml:"good"`
	Defects Counts `yaml:"defects"` // of each defect class

	Generate Sweep[Generate] `yaml:"generate"` // what differs from how the study makes images

	countOf, countPath string // of a set that real_counts adds: whose good photos it has, and where the file says its count
}

// Counts of images in a training set, by where they come from.
type Counts struct {
	Real      int `yaml:"real"`
	Decoded   int `yaml:"decoded"` // the first real photos, as the base model's autoencoder gives them back
	Generated int `yaml:"generated"`
}

// Photos is how many photos the real and decoded images show.
func (c Counts) Photos() int { return max(c.Real, c.Decoded) }

// Text writes how many images are real and how many generated, which is the word for
// these: "24 real", "60 generated", or "24 + 60 generated" for both; with decoded photos
// "24 decoded + 60 generated"; "–" for none.
func (c Counts) Text(generated string) string {
	if c.Decoded > 0 {
		parts := []string{fmt.Sprintf("%d decoded", c.Decoded)}
		if c.Real > 0 {
			parts = append([]string{fmt.Sprintf("%d real", c.Real)}, parts...)
		}
		if c.Generated > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", c.Generated, generated))
		}
		return strings.Join(parts, " + ")
	}
	switch {
	case c == Counts{}:
		return "–"
	case c.Generated == 0:
		return fmt.Sprintf("%d real", c.Real)
	case c.Real == 0:
		return fmt.Sprintf("%d %s", c.Generated, generated)
	}
	return fmt.Sprintf("%d + %d %s", c.Real, c.Generated, generated)
}

// Of returns the counts for a class: the good one's, or those of a defect.
func (t TrainingSet) Of(class, good string) Counts {
	if class == good {
		return t.Good
	}
	return t.Defects
}

// Referee is a classifier of photos that says what generated images show.
type Referee struct {
	Photos     int    `yaml:"photos"`     // that it learns, of each defect at most
	Classifier string `yaml:"classifier"` // or one that is there: a folder that keeps it
}

// Classifier is how every condition's classifier is trained.
type Classifier struct {
	Model   string `yaml:"model"`
	Weights string `yaml:"weights"` // one of Choices, or a .safetensors file
	ClassifierTraining
}

// ClassifierTraining are the hyper-parameters of a classifier's training, as an
// experiment file and a spec of the stage classify have them. Their order and names
// in JSON are part of every key.
type ClassifierTraining struct {
	Resolution   int     `yaml:"resolution" json:"resolution"`   // pixels, square
	Epochs       int     `yaml:"epochs" json:"epochs,omitempty"` // exactly one of epochs and steps
	Steps        int     `yaml:"steps" json:"steps,omitempty"`
	BatchSize    int     `yaml:"batch_size" json:"batch_size"`
	LearningRate float64 `yaml:"learning_rate" json:"learning_rate"`
	WeightDecay  float64 `yaml:"weight_decay" json:"weight_decay"`
	Precision    string  `yaml:"precision" json:"precision"`
	Sampling     string  `yaml:"sampling" json:"sampling"` // plain: every image alike; balanced: every class alike; real_share

	RealShare float64 `yaml:"real_share" json:"real_share,omitempty"` // of photos within a class, with sampling real_share
	Train     string  `yaml:"train" json:"trained,omitempty"`         // all, or the head: the last layer
	Augment   string  `yaml:"augment" json:"augment,omitempty"`       // none, mild, trivial or cutmix
	Keep      bool    `yaml:"keep" json:"keep"`                       // the trained network in the artifact

	// An inspection's threshold is chosen by so many folds of the training photos, 0 for none,
	// to have a recall, 0 for the threshold of the fewest mistakes where both kinds weigh alike.
	Folds  int     `yaml:"folds" json:"folds,omitempty"`
	Recall float64 `yaml:"recall" json:"recall,omitempty"`
}

// Keyed is the training as specs have it: what it says as trainings were before there was
// a choice is left out, so that their keys stay.
func (t ClassifierTraining) Keyed() ClassifierTraining {
	if t.Train == TrainAll {
		t.Train = ""
	}
	if t.Augment == MildAugment {
		t.Augment = ""
	}
	return t
}

// Reference is what somebody else reported for the same training sets, shown
// beside this experiment's results and never tested against them.
type Reference struct {
	Name       string             `yaml:"name"`        // heads its column
	Source     string             `yaml:"source"`      // where the figures stand
	TestImages int                `yaml:"test_images"` // that they were measured on; 0 if it does not say
	Accuracy   map[string]float64 `yaml:"accuracy"`    // by training set
}
