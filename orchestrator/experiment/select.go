package experiment

import (
	"fmt"
	"slices"
)

// Select says how each image is chosen among candidates, which are made alike but for their
// seeds.
type Select struct {
	Of int    `yaml:"of"` // candidates for an image; 1 chooses nothing
	By string `yaml:"by"` // the rule, one of Choices; it means nothing with one candidate
}

// Rules by which one of the candidates is kept.
const (
	ByChange  = "change"  // the one that differs most from its photo, where it was made
	ByNearest = "nearest" // the one nearest to the class's training photos
)

// Chooses says whether there is anything to choose.
func (s Select) Chooses() bool { return s.Of > 1 }

// Looks says whether candidates are compared with photos by the features of the study's
// network.
func (s Select) Looks() bool { return s.Chooses() && s.By == ByNearest }

// Text says what was chosen, such as "1 of 3, by change"; "" for nothing.
func (s Select) Text() string {
	if !s.Chooses() {
		return ""
	}
	return fmt.Sprintf("1 of %d, by %s", s.Of, s.By)
}

func (s Select) check(c *checker) {
	c.require(s.Of >= 1, "generate.select.of", "of %d: must be at least 1, the first candidate", s.Of)
	c.choice(s.By, "generate.select.by")
}

// encodes says whether the study has a network whose features mean something.
func (e *Experiment) encodes() bool {
	return e.FeaturesModel() != "" || e.Classifier.Weights != NoWeights
}

// SelectsByFeatures says whether any images are chosen by features.
func (e *Experiment) SelectsByFeatures() bool {
	return slices.ContainsFunc(e.generates(), func(g Generate) bool { return g.Select.Looks() })
}
