package store

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"kizu/orchestrator/filehash"
)

const manifestName = "manifest.json"

// Manifest is what an artifact says of itself. What comes before Device is the same for everybody
// who makes the artifact with the same libraries; the rest is about the run that made it.
type Manifest struct {
	Kind     string            `json:"kind"`
	Key      string            `json:"key"`
	Label    string            `json:"label"`    // says to people what it was made for
	Identity json.RawMessage   `json:"identity"` // everything that went into the key, seeds included
	Inputs   []Input           `json:"inputs"`   // the artifacts that it was made from
	Result   json.RawMessage   `json:"result"`   // what the stage returned
	Files    []File            `json:"files"`
	Versions map[string]string `json:"versions"` // the versions of the Python libraries, by their names

	Device     string `json:"device"`      // as settings name it: cpu, cuda:0
	DeviceName string `json:"device_name"` // as its maker names it

	Environment *Environment `json:"environment,omitempty"` // older artifacts have none

	Host       string    `json:"host"`
	Job        *Job      `json:"job,omitempty"`
	Run        string    `json:"run"`
	Attempt    int       `json:"attempt"`            // which attempt succeeded, counted from 1
	Pieces     int       `json:"parts,omitempty"`    // in how many pieces a batch was computed, where memory did not suffice for the whole
	Effort     float64   `json:"effort"`             // the effort of what was computed, as stage.Spec.Effort counts it
	Together   int       `json:"together,omitempty"` // how many tasks were computed at the same time, this one included
	Seconds    float64   `json:"seconds"`            // of the device: the task's part of its group's time, and what a checkpoint had cost that it went on from
	Share      float64   `json:"share,omitempty"`    // the part of a group's time, in artifacts without seconds
	PeakMemory Memory    `json:"peak_memory"`
	Started    time.Time `json:"started"`  // when the attempt that succeeded began
	Finished   time.Time `json:"finished"` // when it ended
}

// Environment is what, beside the versions of libraries and the device, may change the last bits of
// an artifact. It is no part of a key; docs/faults.md says why.
type Environment struct {
	Kizu         string            `json:"kizu"`             // the revision of the program
	Processor    string            `json:"processor"`        // the model of the processor
	Instructions string            `json:"instructions"`     // the instruction set of torch's kernels
	Limits       map[string]string `json:"limits,omitempty"` // the variables that held libraries to less
	Threads      int               `json:"threads"`          // how many threads torch computed with
	Reproducible bool              `json:"reproducible"`     // the setting of that name
}

// Took is the time that the task cost its device.
func (m *Manifest) Took() time.Duration {
	took := m.Finished.Sub(m.Started)
	switch {
	case m.Seconds > 0:
		return time.Duration(m.Seconds * float64(time.Second))
	case m.Together > 1:
		return time.Duration(m.Share * float64(took))
	}
	return took
}

// Job is the workload manager's job that a process is in.
type Job struct {
	ID       string `json:"id"`                 // of the array, where it is one
	Index    string `json:"index,omitempty"`    // in the array
	Node     string `json:"node"`               // as the workload manager calls it
	Restarts int    `json:"restarts,omitempty"` // how often it was requeued before
}

// Name is the job as the workload manager's commands take it: 12_3.
func (j *Job) Name() string {
	if j.Index == "" {
		return j.ID
	}
	return j.ID + "_" + j.Index
}

// Memory is a number of bytes on each side.
type Memory struct {
	Host   int64 `json:"host_bytes"`   // resident, without what earlier tasks had left
	Device int64 `json:"device_bytes"` // allocated by torch; 0 on a CPU
}

// Input names an artifact that another was made from.
type Input struct {
	Kind string `json:"kind"`
	Key  string `json:"key"`
}

// File is one file of an artifact.
type File struct {
	Name   string `json:"name"` // slash-separated, below the artifact's folder
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// inventory lists and hashes the files below a folder, folder by folder. A link
// or a device is an error: an artifact must stay whole wherever it is copied.
func inventory(dir string) ([]File, error) {
	var files []File
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if !entry.Type().IsRegular() {
			return fmt.Errorf("%s is not a regular file", path)
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		sum, err := filehash.File(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if name == manifestName {
			return fmt.Errorf("%s is the store's to write", path)
		}
		files = append(files, File{filepath.ToSlash(name), info.Size(), sum})
		return err
	})
	return files, err
}

// replaceSynced writes a file that a reader, or a host that loses power, finds
// whole: as it was, or as it is now.
func replaceSynced(path string, text []byte) error {
	beside := path + "." + rand.Text()
	if err := writeSynced(beside, text); err != nil {
		_ = os.Remove(beside) // if it is there at all
		return fmt.Errorf("store: %s cannot be written: %w", filepath.Base(path), err)
	}
	return os.Rename(beside, path)
}

// writeSynced writes a file and waits until it is on the disk.
func writeSynced(path string, text []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return err
	}
	if _, err = file.Write(text); err == nil {
		err = file.Sync()
	}
	if closing := file.Close(); err == nil {
		err = closing
	}
	return err
}
