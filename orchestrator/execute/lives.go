package execute

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// silence is how long a run on another host may not write before it is taken
// for dead.
const silence = 30 * time.Second

// LiveRuns reads what the runs of an experiment that still go say of
// themselves, workers included.
func LiveRuns(logs, experiment, host string) ([]*Live, error) {
	runs, err := Runs(logs, experiment)
	if err != nil {
		return nil, err
	}
	var all []*Live
	for _, run := range runs {
		live, err := readLive(filepath.Join(logs, run), host)
		if err != nil {
			return nil, err
		}
		if live != nil {
			all = append(all, live)
		}
		workers, err := LiveWorkers(filepath.Join(logs, run), host)
		if err != nil {
			return nil, err
		}
		all = append(all, workers...)
	}
	return all, nil
}

// LiveWorkers reads what the workers of a run that still go say of themselves.
// Each has a folder in that of the run.
func LiveWorkers(logs, host string) ([]*Live, error) {
	entries, err := os.ReadDir(logs)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	var all []*Live
	for _, entry := range entries {
		if !entry.IsDir() {
			continue
		}
		live, err := readLive(filepath.Join(logs, entry.Name()), host)
		if err != nil {
			return nil, err
		}
		if live != nil {
			all = append(all, live)
		}
	}
	return all, nil
}

// readLive reads the live.json of a run that still goes: by its process on this
// host, by how fresh the file is on another. It is nil for any other run.
func readLive(dir, host string) (*Live, error) {
	path := filepath.Join(dir, liveName)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) { // it ended before it began to work
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	live := &Live{}
	if err := json.Unmarshal(text, live); err != nil {
		return nil, err
	}
	if live.Ended {
		return nil, nil
	}
	if live.Host == host {
		_, err = os.Stat(filepath.Join("/proc", strconv.Itoa(live.PID)))
	} else {
		var info fs.FileInfo
		if info, err = os.Stat(path); err == nil && time.Since(info.ModTime()) > silence {
			err = fs.ErrNotExist
		}
	}
	if err != nil {
		return nil, nil
	}
	return live, nil
}
