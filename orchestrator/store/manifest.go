package store

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"kizu/orchestrator/dataset"
)

const manifestName = "manifest.json"

// Manifest is what an artifact says of itself.
type Manifest struct {
	Kind     string            `json:"kind"`
	Key      string            `json:"key"`
	Identity json.RawMessage   `json:"identity"` // everything that went into the key
	Inputs   []Input           `json:"inputs"`   // artifacts it was made from
	Result   json.RawMessage   `json:"result"`   // what the stage returned
	Files    []File            `json:"files"`
	Device   string            `json:"device"`
	Versions map[string]string `json:"versions"` // of the Python libraries
	Started  time.Time         `json:"started"`
	Finished time.Time         `json:"finished"`
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
		sum, err := dataset.HashFile(path)
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

// writeSynced writes a file and waits until it is on the disk.
func writeSynced(path string, text []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
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
