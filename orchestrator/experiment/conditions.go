package experiment

import (
	"reflect"
	"strings"
)

// ExpandConditions multiplies every training set by the LoRAs and classifiers
// that the study lists. The LoRAs multiply no set of real images alone.
func (e *Experiment) ExpandConditions() []Condition {
	if e.Conditions == nil {
		return nil
	}
	several := func(a axis, _ reflect.Value) bool { return len(a.values) > 1 }
	var conditions []Condition
	for _, set := range e.Conditions.TrainingSets {
		loras := e.studyLoRAs()
		if !set.UsesGenerated() {
			loras = loras[:1]
		}
		for _, lora := range loras {
			for _, k := range e.classifiers() {
				c := Condition{TrainingSet: set, LoRA: lora.value, Classifier: k.value, loraPath: lora.at("conditions.lora")}
				c.Variant = strings.Join(lora.labels(several), ", ")
				parts := []string{set.Name}
				if set.UsesGenerated() && c.Variant != "" {
					parts = append(parts, c.Variant)
				}
				c.Name = strings.Join(append(parts, k.labels(several)...), ", ")
				conditions = append(conditions, c)
			}
		}
	}
	return conditions
}

// studyLoRAs lists the ways to make study 2's LoRAs.
func (e *Experiment) studyLoRAs() []variant[StudyLoRA] {
	variants := e.Conditions.LoRA.expand(StudyLoRA{Recipe: e.recipe()})
	for i := range variants {
		v := &variants[i]
		v.value.LoRA = e.scaled(v.value.LoRA, v.has("alpha"))
		if !v.has("regularization_images") {
			v.value.RegularizationImages = v.value.GoodImages
		}
		if !v.has("source_images") {
			v.value.SourceImages = v.value.GoodImages
		}
	}
	return variants
}

// classifiers lists the ways to train study 2's classifiers.
func (e *Experiment) classifiers() []variant[Classifier] {
	variants := e.Conditions.Classifier.expand(e.Classifier)
	for i := range variants {
		v := &variants[i]
		switch { // epochs and steps take each other's place
		case v.has("steps") && !v.has("epochs"):
			v.value.Epochs = 0
		case v.has("epochs") && !v.has("steps"):
			v.value.Steps = 0
		}
	}
	return variants
}

// UsesGenerated reports whether a training set has generated images.
func (t TrainingSet) UsesGenerated() bool { return t.Good.Generated > 0 || t.Defects.Generated > 0 }

// TestCount is how many images of a class are kept for testing: its own entry,
// or that of "good" or "defects". A list counts for itself.
func (e *Experiment) TestCount(class string) int {
	if e.Conditions == nil {
		return 0
	}
	return e.Conditions.Test.Counts[e.testEntry(class)]
}

// testEntry is the entry of the counts of test images that is about a class.
func (e *Experiment) testEntry(class string) string {
	switch _, own := e.Conditions.Test.Counts[class]; {
	case own:
		return class
	case class == e.Dataset.Good:
		return "good"
	}
	return "defects"
}

// GeneratedCount is how many generated images of a class study 2 needs: the
// largest count of any training set. Smaller sets take the first of them.
func (e *Experiment) GeneratedCount(class string) int {
	most := 0
	if e.Conditions != nil {
		for _, set := range e.Conditions.TrainingSets {
			most = max(most, set.Of(class, e.Dataset.Good).Generated)
		}
	}
	return most
}
