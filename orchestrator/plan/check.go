package plan

import (
	"kizu/orchestrator/dataset"
	"kizu/orchestrator/experiment"
	"kizu/orchestrator/model"
)

// Checkup is what an experiment refers to, looked at before a run. Where Load
// stops at the first mistake, it goes on and lists all.
type Checkup struct {
	Experiment string              `json:"experiment"`
	Root       string              `json:"root"` // of the photos
	Photos     []FolderView        `json:"photos"`
	Needs      []PhotoRequirement  `json:"needs"`
	Duplicates []dataset.Duplicate `json:"duplicates"`      // within a class: left out
	LeftOut    []dataset.LeftOut   `json:"left_out"`        // what may have been meant as photos, and is not read
	Range      []string            `json:"range,omitempty"` // of 16-bit photos, and what becomes of it
	Base       string              `json:"base"`
	BaseState  string              `json:"base_state"`         // where it is
	Weights    []string            `json:"weights"`            // of classifiers, and where they are
	Features   string              `json:"features,omitempty"` // where the model that compares images is, if a file names one
	Referee    string              `json:"referee,omitempty"`  // what it is, or learns
	Answers    []string            `json:"answers,omitempty"`  // what the study can find out, said before it runs
	Power      *Power              `json:"power,omitempty"`    // the figures of these; nil if training sets are not compared
	Similar    []SimilarView       `json:"similar,omitempty"`  // test photos that look like photos that are trained on
	Warnings   []string            `json:"warnings,omitempty"` // what stops no run, and should be looked at before one
	Problems   []string            `json:"problems"`           // what would stop a run

	Plan *Plan `json:"-"` // nil if there are problems

	BaseModel *model.Base      `json:"-"` // nil if it was not found
	Encoder   *model.Encoder   `json:"-"` // that measures images; nil if a file names none, or it was not found
	Encoders  []*model.Encoder `json:"-"` // that measure images and that classifiers start from, as far as found
	ImageNet  []string         `json:"-"` // backbones whose weights by torchvision are to be downloaded
}

// Check looks at everything that an experiment refers to. The error is one
// after which nothing can be said.
func Check(exp *experiment.Experiment, machine Machine) (*Checkup, error) {
	folder, err := photosOf(exp, machine)
	if err != nil {
		return nil, err
	}
	found, err := machine.scanner().Inspect(folder)
	if err != nil {
		return nil, withPlace(exp, err)
	}
	c := &Checkup{Experiment: exp.Name, Root: found.Set.Root, Base: exp.Base, Problems: []string{}}
	c.Duplicates = append([]dataset.Duplicate{}, found.Set.Duplicates...)
	c.Range, _ = found.Set.RangeNotes()
	c.LeftOut = append([]dataset.LeftOut{}, found.Set.LeftOut...)
	for _, class := range exp.Dataset.Classes() {
		c.Photos = append(c.Photos, folderView(class, found))
	}
	for _, problem := range found.Problems {
		c.problem(withPlace(exp, problem))
	}
	base, err := findBase(exp, machine)
	if err == nil {
		c.BaseModel = base
		c.BaseState, err = base.Check()
	}
	c.problem(err)
	weights, err := findWeights(exp, machine.Memory.FileHashes())
	c.problem(err)
	c.Weights, err = weightsStates(weights)
	c.problem(err)
	if imagenet := weights[experiment.ImageNet]; imagenet != nil {
		c.ImageNet = lacking(imagenet.Models)
	}
	referee, err := findReferee(exp, machine.Memory.FileHashes())
	c.problem(err)
	encoder, err := findEncoder(exp, machine.Memory.FileHashes())
	if err == nil && encoder != nil {
		var state string
		if state, err = encoder.Check(); err == nil {
			c.Features = encoder.Name + ": " + state
		}
	}
	c.problem(err)
	c.Encoder, c.Encoders = encoder, encodersOf(encoder, weights)
	var seen map[string]bool
	if base != nil {
		seen = base.Seen
	}
	division, err := divide(exp, found.Set, seen)
	c.problem(withPlace(exp, err))
	if err != nil {
		c.checkViews(exp, found, nil)
	} else {
		c.checkViews(exp, found, division.TestedHashes())
		c.Needs, c.Referee = photoRequirements(exp, found.Set, division), RefereeNote(exp, division, referee)
		for i, class := range exp.Dataset.Classes() {
			c.Photos[i].Tested = len(division.Test[class])
		}
		for _, short := range shortages(exp, found.Set, division) {
			c.problem(short)
		}
	}
	if len(c.Problems) > 0 {
		return c, nil
	}
	// What is left to find are the mistakes that only a whole plan shows, leaks among them.
	c.Plan, err = assemble(exp, machine, found.Set, base)
	c.problem(withPlace(exp, err))
	if err == nil {
		if c.Power = powerOf(c.Plan); c.Power != nil {
			c.Answers = c.Power.Answers()
		}
		c.Warnings = append(c.Warnings, c.Plan.sameSets()...)
		if note := c.Plan.SimilarNote(); note != "" {
			c.Similar, c.Warnings = c.Plan.similarViews(), append([]string{note}, c.Warnings...)
		}
	}
	return c, nil
}

func (c *Checkup) problem(err error) {
	if err != nil {
		c.Problems = append(c.Problems, err.Error())
	}
}
