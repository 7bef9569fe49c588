package experiment

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// The two studies of the article.
const (
	Generation     = "generation"
	Classification = "classification"
)

// Cell is one pattern or one condition at one seed.
type Cell struct {
	Study     string
	Name      string
	Seed      int64
	Pattern   *Pattern   // of a generation cell
	Condition *Condition // of a classification cell
}

// Pattern is one recipe of study 1 with every value settled.
type Pattern struct {
	Name     string
	Baseline bool // img2img without a LoRA: counts and training count for nothing
	Recipe
}

// Condition is one training set of study 2, with the LoRAs that make its images
// and the classifier that it trains.
type Condition struct {
	Name    string
	Variant string // what its LoRAs are, where the study lists several: rank 16
	TrainingSet
	LoRA       StudyLoRA
	Classifier Classifier
}

// Cells lists every cell: study 1 and then study 2, in the file's order, the
// seeds of a cell side by side.
func (e *Experiment) Cells() []Cell {
	var cells []Cell
	for _, p := range e.ExpandPatterns() {
		for _, seed := range e.Seeds {
			cells = append(cells, Cell{Study: Generation, Name: p.Name, Seed: seed, Pattern: &p})
		}
	}
	for _, c := range e.ExpandConditions() {
		for _, seed := range e.Seeds {
			cells = append(cells, Cell{Study: Classification, Name: c.Name, Seed: seed, Condition: &c})
		}
	}
	return cells
}

// ExpandPatterns multiplies the lists of every matrix entry and adds up the
// entries. A pattern that two entries name counts once.
func (e *Experiment) ExpandPatterns() []Pattern {
	if e.Patterns == nil {
		return nil
	}
	var patterns []Pattern
	if e.Patterns.Baseline {
		baseline := Pattern{Name: "no LoRA", Baseline: true}
		baseline.Generate = e.Generate
		patterns = append(patterns, baseline)
	}
	for i := range e.Patterns.Matrix {
		for _, v := range e.recipes(i) {
			same := func(p Pattern) bool { return !p.Baseline && reflect.DeepEqual(p.Recipe, v.value) }
			if !slices.ContainsFunc(patterns, same) {
				patterns = append(patterns, Pattern{Name: e.patternName(v), Recipe: v.value})
			}
		}
	}
	return patterns
}

// recipe is what the lora and generate sections say.
func (e *Experiment) recipe() Recipe { return Recipe{LoRA: e.LoRA, Generate: e.Generate} }

// recipes lists the product of the i-th matrix entry.
func (e *Experiment) recipes(i int) []variant[Recipe] {
	variants := e.Patterns.Matrix[i].expand(e.recipe())
	for i := range variants {
		v := &variants[i]
		v.value.LoRA = e.scaled(v.value.LoRA, v.has("alpha"))
	}
	return variants
}

// scaled keeps the ratio of alpha to a rank that differs from the lora
// section's, unless alpha is given with it.
func (e *Experiment) scaled(l LoRA, given bool) LoRA {
	if !given && l.Rank != e.LoRA.Rank {
		l.Alpha = e.LoRA.Alpha * float64(l.Rank) / float64(e.LoRA.Rank)
	}
	return l
}

// patternName names a pattern by its counts, and by what else its entry says
// that differs from the lora and generate sections.
func (e *Experiment) patternName(v variant[Recipe]) string {
	counts := []string{fmt.Sprintf("%d defect", v.value.DefectImages), fmt.Sprintf("%d regularization", v.value.RegularizationImages)}
	usual := reflect.ValueOf(e.recipe())
	others := v.labels(func(a axis, value reflect.Value) bool {
		counted := a.path == "defect_images" || a.path == "regularization_images"
		return !counted && !reflect.DeepEqual(value.Interface(), usual.FieldByIndex(a.field).Interface())
	})
	return strings.Join(append(counts, others...), ", ")
}

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
				c := Condition{TrainingSet: set, LoRA: lora.value, Classifier: k.value}
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
// or that of "good" or "defects".
func (e *Experiment) TestCount(class string) int {
	if e.Conditions == nil {
		return 0
	}
	if n, ok := e.Conditions.Test[class]; ok {
		return n
	}
	if class == e.Dataset.Good {
		return e.Conditions.Test["good"]
	}
	return e.Conditions.Test["defects"]
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
