package plan

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

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
	Progress func(done, total int) // of reading photos, or nil
}

// Load reads everything that an experiment refers to and plans it.
func Load(exp *experiment.Experiment, machine Machine) (*Plan, error) {
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
	folder := dataset.Folder{
		Format: d.Format, Root: root, Classes: d.Classes(), BitDepth: d.BitDepth, AutoRange: d.Range == experiment.AutoRange,
		Parts: dataset.Parts{Folders: d.Parts.Folder},
	}
	if folder.Masks.Needed = d.NeedsMasks(); d.Masks != "" {
		folder.Masks.Tree = filepath.Join(root, d.Masks)
		if info, statErr := os.Stat(folder.Masks.Tree); filepath.IsAbs(d.Masks) || statErr != nil || !info.IsDir() {
			folder.Masks.Tree = beside(exp.Dir, d.Masks)
		}
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
	return model.FindBase(machine.Memory.FileHashes(), exp.Base, exp.Dir, ".", machine.Models)
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
	tests, err := testsOf(exp, set)
	if err != nil {
		return nil, err
	}
	division, err := dataset.Divide(set, exp.Dataset.Classes(), tests, base.Seen, exp.Dataset.SplitSeed)
	if err != nil {
		return nil, err
	}
	return Build(exp, Inputs{Set: set, Division: division, Base: base, Weights: weights, Encoder: encoder, Versions: versions})
}

// testsOf is what an experiment says of the photos that are tested on.
func testsOf(exp *experiment.Experiment, set *dataset.Set) (tests dataset.Tests, err error) {
	if exp.Conditions != nil && exp.Conditions.Test.List != "" {
		tests.Listed, err = dataset.ReadTests(beside(exp.Dir, exp.Conditions.Test.List), set)
		return tests, err
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

// datasetRoot finds the folder of the images: ${VARIABLES} are replaced, and a
// relative path starts at the experiment file, or else at the working folder.
func datasetRoot(exp *experiment.Experiment, machine Machine) (string, error) {
	if exp.Dataset.Root == "" { // the installed package
		if machine.ELPV == "" {
			return "", fmt.Errorf("dataset format elpv: the package elpv-dataset is not installed; run make build, or give dataset.root")
		}
		return machine.ELPV, nil
	}
	var unset string
	root := os.Expand(exp.Dataset.Root, func(name string) string {
		value, ok := os.LookupEnv(name)
		if !ok {
			unset = name
		}
		return value
	})
	if strings.HasPrefix(root, "~/") {
		return "", fmt.Errorf("dataset.root %s: an experiment file has no ~: write ${HOME}%s", exp.Dataset.Root, root[1:])
	}
	if unset != "" {
		return "", fmt.Errorf("dataset.root %s: the environment variable %s is not set", exp.Dataset.Root, unset)
	}
	return beside(exp.Dir, root), nil
}

// beside resolves a path of an experiment file.
func beside(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	if _, err := os.Stat(filepath.Join(dir, path)); err != nil {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return filepath.Join(dir, path)
}
