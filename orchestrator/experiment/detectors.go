package experiment

import (
	"fmt"
	"reflect"
	"strings"
)

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

// expandDetectors multiplies every detector by what the study lists of classifiers that it has
// too.
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
