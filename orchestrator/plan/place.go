package plan

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/experiment"
)

// withPlace gives an error about photos the place of what the experiment file says of
// them: the class that there is not, the number that is too large.
func withPlace(exp *experiment.Experiment, err error) error {
	var fault *dataset.Fault
	switch {
	case errors.As(err, &fault) && fault.Class != "":
		return exp.Fault(exp.Dataset.ClassKey(fault.Class), err)
	case errors.As(err, &fault):
		return exp.Fault(fault.Key, err)
	}
	return err
}

// datasetRoot finds the folder of the images; a relative path starts at the experiment
// file, or else at the working folder.
func datasetRoot(exp *experiment.Experiment, machine Machine) (string, error) {
	if exp.Dataset.Root == "" { // the installed package
		if machine.ELPV == "" {
			return "", errors.New("dataset format elpv: the package elpv-dataset is not installed; run make build, or give dataset.root")
		}
		return machine.ELPV, nil
	}
	root, err := written("dataset.root", exp.Dataset.Root)
	if err != nil {
		return "", err
	}
	return beside(exp.Dir, root), nil
}

// maskTrees are the folders that dataset.masks may mean: below the root, or beside the file.
func maskTrees(exp *experiment.Experiment, root string) ([]string, error) {
	const key = "dataset.masks"
	tree, err := written(key, exp.Dataset.Masks)
	switch {
	case err != nil:
		return nil, exp.Fault(key, err)
	case filepath.IsAbs(tree):
		return []string{tree}, nil
	}
	return []string{filepath.Join(root, tree), beside(exp.Dir, tree)}, nil
}

// written is the path that a key names: ${VARIABLES} of the environment and a leading ~ are
// replaced.
func written(key, path string) (string, error) {
	var unset string
	expanded := os.Expand(path, func(name string) string {
		value, ok := os.LookupEnv(name)
		if !ok {
			unset = name
		}
		return value
	})
	if unset != "" {
		return "", fmt.Errorf("%s %s: the environment variable %s is not set", key, path, unset)
	}
	expanded, err := Expanded(expanded)
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", key, path, err)
	}
	return expanded, nil
}

// Expanded is a path with the user's home folder for a leading ~.
func Expanded(path string) (string, error) {
	first, rest, _ := strings.Cut(path, "/")
	switch {
	case !strings.HasPrefix(path, "~"):
		return path, nil
	case first != "~":
		return "", fmt.Errorf("~ stands for your own home folder only: write the folder of %s out, or ./%s for one that is called so", first[1:], first)
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", errors.New("~ stands for the home folder, and HOME is not set: write it out")
	}
	return filepath.Join(home, rest), nil
}

// beside resolves a path of an experiment file. One whose ~ stands for nothing is left
// as it is, for opening it to say so.
func beside(dir, path string) string {
	if expanded, err := Expanded(path); err == nil {
		path = expanded
	}
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
