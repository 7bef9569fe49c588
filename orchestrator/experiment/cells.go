package experiment

import (
	"fmt"
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
	Study       string
	Name        string
	Seed        int64
	Pattern     *Pattern     // of a generation cell
	TrainingSet *TrainingSet // of a classification cell
}

// Pattern is one LoRA recipe of study 1 with every value settled.
type Pattern struct {
	Baseline             bool // img2img without a LoRA: the counts, rank and steps are 0
	DefectImages         int
	RegularizationImages int
	Steps                int
	Rank                 int
	LearningRate         float64
	Strength             float64
}

// Cells lists every cell: study 1 and then study 2, in the file's order, the
// seeds of a cell side by side.
func (e *Experiment) Cells() []Cell {
	var cells []Cell
	patterns := e.ExpandPatterns()
	names := e.patternNames(patterns)
	for i := range patterns {
		for _, seed := range e.Seeds {
			cells = append(cells, Cell{Study: Generation, Name: names[i], Seed: seed, Pattern: &patterns[i]})
		}
	}
	if e.Conditions != nil {
		for i := range e.Conditions.TrainingSets {
			set := &e.Conditions.TrainingSets[i]
			for _, seed := range e.Seeds {
				cells = append(cells, Cell{Study: Classification, Name: set.Name, Seed: seed, TrainingSet: set})
			}
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
		patterns = append(patterns, Pattern{Baseline: true, Strength: e.Generate.Strength})
	}
	for _, entry := range e.Patterns.Matrix {
		for _, pattern := range e.expand(entry) {
			if !slices.Contains(patterns, pattern) {
				patterns = append(patterns, pattern)
			}
		}
	}
	return patterns
}

func (e *Experiment) expand(m MatrixEntry) []Pattern {
	patterns := []Pattern{{}}
	patterns = times(patterns, m.DefectImages, 1, func(p *Pattern, v int) { p.DefectImages = v })
	patterns = times(patterns, m.RegularizationImages, 0, func(p *Pattern, v int) { p.RegularizationImages = v })
	patterns = times(patterns, m.Steps, e.LoRA.Steps, func(p *Pattern, v int) { p.Steps = v })
	patterns = times(patterns, m.Rank, e.LoRA.Rank, func(p *Pattern, v int) { p.Rank = v })
	patterns = times(patterns, m.LearningRate, e.LoRA.LearningRate, func(p *Pattern, v float64) { p.LearningRate = v })
	return times(patterns, m.Strength, e.Generate.Strength, func(p *Pattern, v float64) { p.Strength = v })
}

// times multiplies patterns by the values of one field; without values the
// field takes its default.
func times[T any](patterns []Pattern, values []T, otherwise T, set func(*Pattern, T)) []Pattern {
	if len(values) == 0 {
		values = []T{otherwise}
	}
	var product []Pattern
	for _, pattern := range patterns {
		for _, value := range values {
			next := pattern
			set(&next, value)
			product = append(product, next)
		}
	}
	return product
}

// patternNames names each pattern by its counts, and by what else differs
// between the patterns of this experiment.
func (e *Experiment) patternNames(patterns []Pattern) []string {
	names := make([]string, len(patterns))
	for i, p := range patterns {
		if p.Baseline {
			names[i] = "no LoRA"
			continue
		}
		parts := []string{fmt.Sprintf("%d defect", p.DefectImages), fmt.Sprintf("%d regularization", p.RegularizationImages)}
		if p.Steps != e.LoRA.Steps {
			parts = append(parts, fmt.Sprintf("%d steps", p.Steps))
		}
		if p.Rank != e.LoRA.Rank {
			parts = append(parts, fmt.Sprintf("rank %d", p.Rank))
		}
		if p.LearningRate != e.LoRA.LearningRate {
			parts = append(parts, fmt.Sprintf("learning rate %g", p.LearningRate))
		}
		if p.Strength != e.Generate.Strength {
			parts = append(parts, fmt.Sprintf("strength %g", p.Strength))
		}
		names[i] = strings.Join(parts, ", ")
	}
	return names
}

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
