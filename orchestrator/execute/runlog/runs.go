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
	"slices"
	"time"

	"kizu/orchestrator/plan"
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

// SecondsLeft estimates how long the runs of a plan that go on still take, if all their devices
// work till the end; nil where nothing like what is left was ever done.
func SecondsLeft(p *plan.Plan, runs []*Live) *float64 {
	if len(runs) == 1 { // it knows better
		return &runs[0].SecondsLeft
	}
	var devices []string
	host, all := plan.AnyMachine, 0
	left := map[string]bool{}
	for i, live := range runs {
		if host = live.Host; i > 0 && runs[0].Host != host {
			host = plan.AnyMachine
		}
		for _, device := range live.Devices {
			devices = append(devices, device.Device)
			all++
		}
		for _, id := range live.Left {
			left[id] = true
		}
	}
	tasks := slices.DeleteFunc(p.ToRun(), func(task *plan.Task) bool { return !left[task.ID] })
	forecast := p.Forecast(tasks, host, devices)
	if len(forecast.Unknown()) > 0 || all == 0 || len(tasks) == 0 {
		return nil
	}
	seconds := forecast.Seconds
	for _, live := range runs {
		for _, device := range live.Devices {
			if task, err := p.Find(device.Task); device.Total > 0 && err == nil {
				whole := p.Forecast([]*plan.Task{task}, host, devices).Seconds
				seconds -= whole * float64(device.Done) / float64(device.Total)
			}
		}
	}
	seconds = max(0, seconds) / float64(all)
	return &seconds
}
