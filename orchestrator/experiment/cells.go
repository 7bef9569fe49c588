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
	Baseline bool // that of patterns.baseline: counts and training count for nothing
	Recipe
	path func(key string) string
}

// Trains says whether the pattern's images are made with a LoRA.
func (p Pattern) Trains() bool { return !p.Baseline && p.Generate.Uses(InputLoRA) }

// Path is where the file says a value of the pattern, such as defect_images.
func (p Pattern) Path(key string) string {
	if p.Baseline {
		return "patterns.baseline"
	}
	return p.path(key)
}

// Condition is one training set of study 2, with the LoRAs that make its images
// and the classifier that it trains, or a detector.
type Condition struct {
	Name    string
	Variant string // what its LoRAs are, where the study lists several: rank 16
	Made    string // how its images are made, where its training set says it: method inpaint
	TrainingSet
	LoRA       StudyLoRA
	Classifier Classifier
	Detector   *Detector // nil for a classifier; it has the classifier's network alone
	loraPath   func(key string) string
}

// LoRAPath is where the file says a value of the condition's LoRAs, such as good_images.
func (c Condition) LoRAPath(key string) string { return c.loraPath(key) }

// CountPath is where the file says how many images of a kind, real or decoded, the training
// set has of the good class or of each defect.
func (c Condition) CountPath(good bool, kind string) string {
	if c.Detector != nil {
		return child(detectorsPath, c.Detector.Name) + ".good.real"
	}
	section, name := "defects", c.TrainingSet.Name
	switch {
	case good && c.Counted():
		section, name = "good", c.countOf
	case good:
		section = "good"
	case c.Counted():
		return c.countPath
	}
	return child(child(child("conditions.training_sets", name), section), kind)
}

// Differs is what tells the condition's generated images from those of others; "" for nothing.
func (c Condition) Differs() string {
	return strings.Join(slices.DeleteFunc([]string{c.Variant, c.Made}, func(text string) bool { return text == "" }), ", ")
}

// Cells lists every cell: study 1 and then study 2, in the file's order, the
// seeds of a cell side by side.
func (e *Experiment) Cells() []Cell {
	var cells []Cell
	for _, p := range e.ExpandPatterns() {
		for _, seed := range e.Patterns.Seeds {
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
	known := map[Recipe]bool{}
	for i := range e.Patterns.Matrix {
		for _, v := range e.recipes(i) {
			if !known[v.value] {
				known[v.value] = true
				patterns = append(patterns, Pattern{e.patternName(v), false, v.value, v.at(item("patterns.matrix", i))})
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
		if !v.value.Generate.Uses(InputLoRA) {
			v.value = e.untrained(v.value)
		}
	}
	return variants
}

// untrained leaves of a recipe what means something to images that are made without a LoRA.
func (e *Experiment) untrained(r Recipe) Recipe {
	l := e.LoRA
	if r.Generate.Uses(InputBase) {
		l.Resolution, l.Identifier = r.Resolution, r.Identifier
	}
	r.LoRA, r.RegularizationImages = l, 0
	if !r.Generate.UsesDefects() {
		r.DefectImages = 0
	}
	return r
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
// that differs from the lora and generate sections, where it means something.
func (e *Experiment) patternName(v variant[Recipe]) string {
	g, usual := v.value.Generate, reflect.ValueOf(e.recipe())
	var counts []string
	if g.Uses(InputLoRA) || g.UsesDefects() {
		counts = append(counts, fmt.Sprintf("%d defect", v.value.DefectImages))
	}
	if g.Uses(InputLoRA) {
		counts = append(counts, fmt.Sprintf("%d regularization", v.value.RegularizationImages))
	}
	others := v.labels(func(a axis, value reflect.Value) bool {
		counted := a.path == "defect_images" || a.path == "regularization_images"
		return !counted && matters(a.path, g) && !reflect.DeepEqual(value.Interface(), usual.FieldByIndex(a.field).Interface())
	})
	if counts = append(counts, others...); len(counts) == 0 {
		return "method " + g.Method
	}
	return strings.Join(counts, ", ")
}
