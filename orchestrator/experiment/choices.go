package experiment

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
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

// Optimizers are what a LoRA's training can be moved by, each with the bytes of state that it keeps
// of a parameter, at most: 8-bit AdamW's are 2 in tensors of 4,096 parameters and more.
var Optimizers = table[map[string]int](optimizersFile)

// Schedule is how a learning rate goes.
type Schedule struct {
	// Continues says that the rate of a step depends on no number of steps, so that
	// the first steps of a training are a training of that many steps.
	Continues bool `json:"continues"`
}

// Schedules are those that a LoRA's training can have.
var Schedules = table[map[string]Schedule](schedulesFile)

// Detectors keeps the order of the file, as TrainingSets does.
type Detectors []Detector

// Detector tells defective parts by photos of good ones alone: a condition of study 2 that
// needs no defect photo. Its network, resolution and precision are those of classifiers.
type Detector struct {
	Name string `yaml:"-"`
	Good struct {
		Real int `yaml:"real"`
	} `yaml:"good"`
	Detection
}

// Detection are the hyper-parameters of a detector, as an experiment file and a spec of the
// stage detect have them. Their order and names in JSON are part of every key.
type Detection struct {
	Method      string  `yaml:"method" json:"method"`
	Coreset     float64 `yaml:"coreset" json:"coreset"`           // share of the good photos' patches that is remembered
	Folds       int     `yaml:"folds" json:"folds"`               // of the good photos, that the threshold is chosen by
	FalseAlarms float64 `yaml:"false_alarms" json:"false_alarms"` // share of the good photos held out that it may sort out
}

// usualDetection is that of a detector of which the file says no more.
var usualDetection = Detection{Method: "patchcore", Coreset: 0.1, Folds: 5, FalseAlarms: 0.05}

const detectorsPath = "conditions.detectors"

// expandDetectors multiplies every detector by what the study lists of classifiers that it has too.
func (e *Experiment) expandDetectors() (conditions []Condition) {
	known := map[string]bool{}
	for i := range e.Conditions.Detectors {
		d := &e.Conditions.Detectors[i]
		for _, k := range e.classifiers() {
			labels := k.labels(func(a axis, value reflect.Value) bool { return several(a, value) && detectorHas(a.path) })
			c := Condition{
				Name: strings.Join(append([]string{d.Name}, labels...), ", "), Detector: d, Classifier: k.value,
				TrainingSet: TrainingSet{Name: d.Name, Good: Counts{Real: d.Good.Real}}, LoRA: e.studyLoRAs()[0].value,
			}
			if !known[c.Name] {
				known[c.Name] = true
				conditions = append(conditions, c)
			}
		}
	}
	return conditions
}

// detectorHas says whether a setting of classifiers means something to a detector.
func detectorHas(setting string) bool {
	switch setting {
	case "model", "weights", "resolution", "precision":
		return true
	}
	return false
}

func (e *Experiment) checkDetectors(c *checker) {
	for _, d := range e.Conditions.Detectors {
		at := child(detectorsPath, d.Name)
		c.require(d.Name != "", at, "a detector without a name")
		for _, set := range e.Conditions.TrainingSets {
			c.require(set.Name != d.Name, at, "detector %q is called as a training set is: give it another name", d.Name)
		}
		c.require(e.Classifier.Model != Transformers, at, "a detector looks at the middle layers of a network of torchvision: classifier.model is %s, give it in conditions.classifier", Transformers)
		c.require(d.Good.Real >= 2, at+".good", "good.real %d: a detector needs at least 2 photos of good parts, and learns from no others", d.Good.Real)
		c.oneOf(d.Method, at+".method", Choices[detectorsPath+".method"]...)
		c.require(d.Coreset > 0 && d.Coreset <= 1, at+".coreset", "coreset %g: must be above 0 and at most 1", d.Coreset)
		c.require(d.Folds >= 2, at+".folds", "folds %d: must be at least 2, for the threshold", d.Folds)
		c.require(d.Folds <= d.Good.Real, at+".folds", "folds %d: there are %d photos of good parts to hold out, and a fold needs one: give folds: %d at most, or more photos", d.Folds, d.Good.Real, d.Good.Real)
		c.require(d.FalseAlarms >= 0 && d.FalseAlarms < 1, at+".false_alarms", "false_alarms %g: must be at least 0 and below 1", d.FalseAlarms)
	}
}

// text writes a detector as a list of settings does.
func (d Detector) text() string {
	return fmt.Sprintf("good: %d real; method: %s; coreset: %g; folds: %d; false_alarms: %g", d.Good.Real, d.Method, d.Coreset, d.Folds, d.FalseAlarms)
}
