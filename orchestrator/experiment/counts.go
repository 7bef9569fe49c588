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
