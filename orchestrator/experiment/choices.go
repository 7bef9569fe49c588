package experiment

import (
	_ "embed"
	"encoding/json"
	"maps"
	"slices"
)

//go:embed choices.json
var choicesFile []byte

// Choices lists what settings of an experiment file may be, by their names, where
// that is one of a few words; classifier.weights may be a file as well. It is the table
// that the Python stages are held to, too (scripts/tests/test_choices.py): a word is
// added there, and to what it names. Words of which more is known have a table each.
var Choices = func() map[string][]string {
	table := table[map[string][]string](choicesFile)
	table["classifier.model"] = slices.Sorted(maps.Keys(Backbones))
	table["generate.method"] = slices.Sorted(maps.Keys(Methods))
	table["lora.optimizer"] = slices.Sorted(maps.Keys(Optimizers))
	table["lora.schedule"] = slices.Sorted(maps.Keys(Schedules))
	return table
}()

// Assignments lists what can be written for a shell to complete, in place of what a
// file says: "lora.rank=", and of a key with choices "lora.precision=bf16".
func Assignments() []string {
	var list []string
	for _, setting := range everything().settings() {
		choices := Choices[setting.Path]
		if choices == nil {
			choices = []string{""}
		}
		for _, choice := range choices {
			list = append(list, setting.Path+"="+choice)
		}
	}
	return list
}

// everything is an experiment with all sections, by their defaults.
func everything() *Experiment {
	exp := defaults()
	exp.Patterns, exp.Conditions, exp.Reference = &Patterns{}, &Conditions{}, &Reference{}
	exp.Dataset.Crop = &Crop{}
	return exp
}

func table[T any](text []byte) (read T) {
	if err := json.Unmarshal(text, &read); err != nil {
		panic(err) // a mistake in the program, which no test would let pass
	}
	return read
}

//go:embed backbones.json
var backbonesFile []byte

// Backbone is a network of classifiers.
type Backbone struct {
	ImageNet string `json:"imagenet"`        // the file of torchvision's weights; "" where it has none
	Features int    `json:"features"`        // how many its last layer sees of an image
	Stored   int64  `json:"stored"`          // bytes that all but its last layer takes, in float32
	Lite0    bool   `json:"lite0,omitempty"` // whether the weights of EfficientNet-Lite0 fit it
}

// Backbones are the networks of classifiers, as torchvision calls them, and Transformers.
var Backbones = table[map[string]Backbone](backbonesFile)

// Transformers is the model whose weights, a folder or a Hugging Face id, say which DINOv2 or CLIP it
// is; the table has the features of the widest and what a ViT-B takes.
const Transformers = "transformers"

// What classifier.weights names, where it is no file.
const (
	ImageNet  = "imagenet" // torchvision's
	Lite0     = "lite0"    // those of EfficientNet-Lite0, of a package
	NoWeights = "none"     // random ones
)

// What other settings of classifiers may say, and more than one place asks for.
const (
	TrainAll    = "all"
	TrainHead   = "head"
	NoAugment   = "none"
	MildAugment = "mild"
	RealShare   = "real_share" // of classifier.sampling

	PlainSampling = "plain"
)

//go:embed optimizers.json
var optimizersFile []byte

//go:embed schedules.json
var schedulesFile []byte

// Optimizers are what a LoRA's training can be moved by, each with the bytes of state
// that it keeps of a parameter, at most: 8-bit AdamW's are 2 in tensors of 4,096
// parameters and more.
var Optimizers = table[map[string]int](optimizersFile)

// Schedule is how a learning rate goes.
type Schedule struct {
	// Continues says that the rate of a step depends on no number of steps, so that
	// the first steps of a training are a training of that many steps.
	Continues bool `json:"continues"`
}

// Schedules are those that a LoRA's training can have.
var Schedules = table[map[string]Schedule](schedulesFile)
