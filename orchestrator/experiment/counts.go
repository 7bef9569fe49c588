package experiment

import (
	"fmt"
	"slices"
)

// CountBase is the training set whose good photos the counts of conditions.real_counts have:
// the rival, or else the first, of those of photos alone; false if there is none.
func (e *Experiment) CountBase() (base TrainingSet, ok bool) {
	for _, set := range e.Conditions.TrainingSets {
		if !set.PhotosAlone() {
			continue
		}
		if set.Name == e.Conditions.Rival {
			return set, true
		}
		if !ok {
			base, ok = set, true
		}
	}
	return base, ok
}

// allSets are the file's training sets and those of photos alone that real_counts adds: as
// many photos of each defect as it says, where no set of the file has just these.
func (e *Experiment) allSets() TrainingSets {
	sets := slices.Clone(e.Conditions.TrainingSets)
	base, ok := e.CountBase()
	if !ok {
		return sets
	}
	for i, n := range e.Conditions.RealCounts {
		set := TrainingSet{Name: fmt.Sprintf("%s, %d defects", base.Name, n), Good: base.Good, Defects: Counts{Real: n}, countOf: base.Name, countPath: item("conditions.real_counts", i)}
		if !slices.ContainsFunc(sets, func(other TrainingSet) bool { return other.Good == set.Good && other.Defects == set.Defects }) {
			sets = append(sets, set)
		}
	}
	return sets
}

// Compared is how many conditions have accuracies that are compared: not detectors, nor those of counts,
// which are a scale and no rivals.
func (e *Experiment) Compared() (n int) {
	for _, c := range e.ExpandConditions() {
		if !c.Counted() && c.Detector == nil {
			n++
		}
	}
	return n
}

// Counted reports whether real_counts has added the training set.
func (t TrainingSet) Counted() bool { return t.countOf != "" }

func (e *Experiment) checkCounts(c *checker) {
	counts := e.Conditions.RealCounts
	base, ok := e.CountBase()
	c.require(ok || len(counts) == 0, "conditions.real_counts", "real_counts takes the good photos of a training set of photos alone, and there is none")
	for i, n := range counts {
		at := item("conditions.real_counts", i)
		c.require(n >= 1, at, "%d photos of each defect: must be at least 1", n)
		c.require(!slices.Contains(counts[:i], n), at, "%d is there twice", n)
	}
	others := slices.ContainsFunc(counts, func(n int) bool { return n != base.Defects.Real })
	c.require(len(counts) == 0 || others, "conditions.real_counts", "training set %q has as many photos: give another count, since one alone makes no curve", base.Name)
	for _, set := range e.allSets() {
		named := slices.ContainsFunc(e.Conditions.TrainingSets, func(other TrainingSet) bool { return other.Name == set.Name })
		c.require(!set.Counted() || !named, child("conditions.training_sets", set.Name), "%q is what real_counts calls a set of its own: give another name", set.Name)
	}
}

// Select says how each image is chosen among candidates, which are made alike but for their seeds.
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

// Looks says whether candidates are compared with photos by the features of the study's network.
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
