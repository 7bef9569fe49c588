package plan

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/experiment"
	"kizu/orchestrator/model"
	"kizu/orchestrator/stage"
)

// Machine says where this machine keeps what experiments refer to.
type Machine struct {
	Scripts string // the Python stages
	Models  string // bundled base models
	ELPV    string // the folder of the installed elpv-dataset; "" if there is none
	Memory  *dataset.Memory

	Photos   dataset.Reader        // nil: photos are told apart by their files alone
	Masks    bool                  // are read where there are some, also if nothing needs them
	Progress func(done, total int) // of reading photos, or nil
}

// Load reads everything that an experiment refers to and plans it.
func Load(exp *experiment.Experiment, machine Machine) (*Plan, error) {
	p, err := load(exp, machine)
	return p, withPlace(exp, err)
}

func load(exp *experiment.Experiment, machine Machine) (*Plan, error) {
	folder, err := photosOf(exp, machine)
	if err != nil {
		return nil, err
	}
	set, err := machine.scanner().Scan(folder)
	if err != nil {
		return nil, err
	}
	base, err := findBase(exp, machine)
	if err != nil {
		return nil, err
	}
	return assemble(exp, machine, set, base)
}

// photosOf is where an experiment's photos are and how they are read.
func photosOf(exp *experiment.Experiment, machine Machine) (dataset.Folder, error) {
	d := exp.Dataset
	root, err := datasetRoot(exp, machine)
	err = exp.Fault("dataset.root", err)
	folder := dataset.Folder{
		Format: d.Format, Root: root, Classes: d.Classes(), BitDepth: d.BitDepth, AutoRange: d.Range == experiment.AutoRange,
		Parts: dataset.Parts{Folders: d.Parts.Folder},
	}
	if folder.Masks.Needed = machine.Masks || exp.NeedsMasks(); d.Masks != "" && err == nil {
		folder.Masks.Trees, err = maskTrees(exp, root)
	}
	if d.Parts.File != "" {
		folder.Parts.File = beside(exp.Dir, d.Parts.File)
	}
	if d.Parts.Pattern != "" && err == nil {
		folder.Parts.Pattern, err = regexp.Compile(d.Parts.Pattern)
	}
	return folder, err
}

func (m Machine) scanner() dataset.Scanner {
	return dataset.Scanner{Memory: m.Memory, Reader: m.Photos, Progress: m.Progress}
}

func findBase(exp *experiment.Experiment, machine Machine) (*model.Base, error) {
	if exp.Base == "" { // which the file was asked for if anything needs it
		return &model.Base{}, nil
	}
	name, err := Expanded(exp.Base)
	var base *model.Base
	if err == nil {
		base, err = model.FindBase(machine.Memory.FileHashes(), name, exp.Dir, ".", machine.Models)
	}
	return base, exp.Fault("base", err)
}

// assemble plans an experiment on its photos and its base model.
func assemble(exp *experiment.Experiment, machine Machine, set *dataset.Set, base *model.Base) (*Plan, error) {
	versions, err := stageVersions(filepath.Join(machine.Scripts, "versions.json"))
	if err != nil {
		return nil, err
	}
	weights, err := findWeights(exp, machine.Memory.FileHashes())
	if err != nil {
		return nil, err
	}
	encoder, err := findEncoder(exp, machine.Memory.FileHashes())
	if err != nil {
		return nil, err
	}
	referee, err := findReferee(exp, machine.Memory.FileHashes())
	if err != nil {
		return nil, err
	}
	division, err := divide(exp, set, base.Seen)
	if err != nil {
		return nil, err
	}
	return Build(exp, Inputs{Set: set, Division: division, Base: base, Weights: weights, Encoder: encoder, Referee: referee, Versions: versions})
}

// divide decides which photos are tested on. seen are those that the base model knows.
func divide(exp *experiment.Experiment, set *dataset.Set, seen map[string]bool) (*dataset.Division, error) {
	tests, err := testsOf(exp, set)
	if err != nil {
		return nil, err
	}
	division, err := dataset.Divide(set, exp.Dataset.Classes(), tests, seen, exp.Dataset.SplitSeed)
	return division, exp.Fault("conditions.test", err)
}

// testsOf is what an experiment says of the photos that are tested on.
func testsOf(exp *experiment.Experiment, set *dataset.Set) (tests dataset.Tests, err error) {
	if exp.Conditions != nil && exp.Conditions.Test.List != "" {
		tests.List = filepath.Base(exp.Conditions.Test.List)
		tests.Listed, err = dataset.ReadTests(beside(exp.Dir, exp.Conditions.Test.List), set)
		return tests, exp.Fault("conditions.test", err)
	}
	tests.Counts = map[string]int{}
	for _, class := range exp.Dataset.Classes() {
		tests.Counts[class] = exp.TestCount(class)
	}
	return tests, nil
}

// stageVersions reads the version of each stage's behaviour.
func stageVersions(path string) (map[string]int, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the Python stages are not where they should be: %w", err)
	}
	versions := map[string]int{}
	if err := json.Unmarshal(text, &versions); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, kind := range stage.Kinds() {
		if versions[kind] < 1 {
			return nil, fmt.Errorf("%s has no version of the stage %s", path, kind)
		}
	}
	return versions, nil
}
