package experiment

import (
	"reflect"
	"slices"
	"strings"
)

// ExpandConditions multiplies every training set by the LoRAs and classifiers
// that the study lists. The LoRAs multiply no set of real images alone. Detectors follow, and
// what real_counts adds comes last.
func (e *Experiment) ExpandConditions() []Condition {
	if e.Conditions == nil {
		return nil
	}
	var conditions []Condition
	for _, set := range e.allSets() {
		for _, made := range e.makings(set) {
			for _, k := range e.classifiers() {
				c := made
				c.Classifier = k.value
				c.Name = strings.Join(append([]string{c.Name}, k.labels(several)...), ", ")
				conditions = append(conditions, c)
			}
		}
	}
	return append(conditions, e.expandDetectors()...)
}

// Redraws reports whether every seed draws its own training photos in study 2.
func (e *Experiment) Redraws() bool { return e.Conditions != nil && e.Conditions.Redraw }

// RivalName is the condition that those with generated images must beat to be recommended:
// the one that conditions.rival calls by its name, or the first of that training set, or
// without a rival the first condition of photos alone; false if there is none.
func (e *Experiment) RivalName() (string, bool) {
	all := slices.DeleteFunc(e.ExpandConditions(), func(c Condition) bool { return c.Counted() })
	for _, is := range []func(Condition) bool{
		func(c Condition) bool { return c.Name == e.Conditions.Rival },
		func(c Condition) bool { return c.TrainingSet.Name == e.Conditions.Rival },
		func(c Condition) bool { return e.Conditions.Rival == "" && c.PhotosAlone() && c.Detector == nil },
	} {
		if i := slices.IndexFunc(all, is); i >= 0 {
			return all[i].Name, true
		}
	}
	return "", false
}

// several holds of lists.
func several(a axis, _ reflect.Value) bool { return len(a.values) > 1 }

// makings lists the ways to make a training set's images: its own for each way to make the
// study's LoRAs, where these make a difference to it.
func (e *Experiment) makings(set TrainingSet) []Condition {
	var list []Condition
	for _, lora := range e.studyLoRAs() {
		for _, own := range set.Generate.expand(lora.value.Generate) {
			c := Condition{Name: set.Name, TrainingSet: set, LoRA: lora.value, loraPath: lora.at("conditions.lora")}
			c.LoRA.Generate = own.value
			counts := func(a axis, value reflect.Value) bool {
				key, made := strings.CutPrefix(a.path, "generate.")
				return several(a, value) && !(made && own.has(key)) && matters(a.path, own.value)
			}
			c.Variant = strings.Join(lora.labels(counts), ", ")
			c.Made = strings.Join(own.labelsIn("generate", func(axis, reflect.Value) bool { return true }), ", ")
			if set.UsesGenerated() {
				c.Name = strings.Join(slices.Concat([]string{set.Name}, lora.labels(counts), own.labelsIn("generate", several)), ", ")
			}
			if !slices.ContainsFunc(list, func(other Condition) bool { return other.Name == c.Name }) {
				list = append(list, c)
			}
		}
	}
	return list
}

// matters says whether a key of a recipe makes a difference to images that are made in a way.
func matters(path string, g Generate) bool {
	if key, ok := strings.CutPrefix(path, "generate."); ok {
		return g.How().takes(key)
	}
	switch path {
	case "good_images", "defect_images", "source_images":
		return true
	case "resolution", "identifier":
		return g.Uses(InputBase)
	}
	return g.Uses(InputLoRA)
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

// PhotosAlone reports whether a training set has nothing but photos as they are.
func (t TrainingSet) PhotosAlone() bool {
	return !t.UsesGenerated() && t.Good.Decoded+t.Defects.Decoded == 0
}

// SamePhotos reports whether two training sets differ in generated images at most.
func (t TrainingSet) SamePhotos(other TrainingSet) bool {
	for _, counts := range []*Counts{&t.Good, &t.Defects, &other.Good, &other.Defects} {
		counts.Generated = 0
	}
	return t.Good == other.Good && t.Defects == other.Defects
}

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

// DecodedCounts are how many decoded photos of each class study 2 needs: the largest count of
// any training set, of which smaller ones take the first.
func (e *Experiment) DecodedCounts() map[string]int {
	most := map[string]int{}
	for _, c := range e.ExpandConditions() {
		for _, class := range e.Dataset.Classes() {
			most[class] = max(most[class], c.Of(class, e.Dataset.Good).Decoded)
		}
	}
	return most
}

// GeneratedCounts are how many generated images of each class study 2 needs of each way
// to make them, which Like gives: the largest count of any training set. Smaller sets take
// the first of them.
func (e *Experiment) GeneratedCounts() map[Generate]map[string]int {
	most := map[Generate]map[string]int{}
	for _, c := range e.ExpandConditions() {
		made := c.LoRA.Generate.Like()
		if most[made] == nil {
			most[made] = map[string]int{}
		}
		for _, class := range e.Dataset.Classes() {
			most[made][class] = max(most[made][class], c.Of(class, e.Dataset.Good).Generated)
		}
	}
	return most
}
