// Package runlog keeps what runs say of themselves beside their logs: which runs
// there are, what they are at, and which tasks have failed and why.
package runlog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// RunID names a run: the experiment, when it began, and its process, so that
// runs of an experiment sort by time.
func RunID(experiment string, began time.Time) string {
	return fmt.Sprintf("%s-%s-%d", experiment, began.UTC().Format("20060102T150405.000Z"), os.Getpid())
}

var afterName = regexp.MustCompile(`^-\d{8}T\d{6}\.\d{3}Z-\d+$`)

// Runs lists the runs of an experiment that have logs, the oldest first.
func Runs(logs, experiment string) ([]string, error) {
	entries, err := os.ReadDir(logs)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	var runs []string
	for _, entry := range entries {
		name := entry.Name()
		if len(name) > len(experiment) && name[:len(experiment)] == experiment && afterName.MatchString(name[len(experiment):]) {
			runs = append(runs, name)
		}
	}
	return runs, nil // ReadDir sorts by name
}

// KeepRuns removes the logs of all but the latest runs of an experiment.
func KeepRuns(logs, experiment string, keep int) error {
	runs, err := Runs(logs, experiment)
	if err != nil {
		return err
	}
	for _, run := range runs[:max(0, len(runs)-keep)] {
		if err := os.RemoveAll(filepath.Join(logs, run)); err != nil {
			return err
		}
	}
	return nil
}
