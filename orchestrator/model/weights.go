package model

import (
	"fmt"
	"path/filepath"

	"kizu/orchestrator/filehash"
)

// Weights are a classifier's initial weights: a name, or a file.
type Weights struct {
	Name   string // imagenet, lite0 or none; "" for a file
	Path   string
	SHA256 string
	Models []string // that start from them
}

// FindWeights looks up what the setting classifier.weights names: imagenet, lite0,
// none, or a .safetensors file.
func FindWeights(h *filehash.Hashes, name, path string) (*Weights, error) {
	switch name {
	case "imagenet", "lite0", "none":
		return &Weights{Name: name}, nil
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("classifier.weights: %w", err)
	}
	if filepath.Ext(path) != checkpointSuffix {
		return nil, fmt.Errorf("classifier.weights %q is none of imagenet, lite0, none, or a .safetensors file", name)
	}
	sum, err := h.File(path)
	if err != nil {
		return nil, fmt.Errorf("classifier.weights: %w", err)
	}
	return &Weights{Path: path, SHA256: sum}, nil
}

// Sources says where weights come from: one file, or one for each backbone, whose
// files of ImageNet weights torchvision names so.
func (w *Weights) Sources(files map[string]string) []string {
	switch w.Name {
	case "none":
		return []string{"random"}
	case "lite0":
		return []string{"a package of requirements.txt"}
	case "imagenet":
		paths := make([]string, len(w.Models))
		for i, backbone := range w.Models {
			path, there := TorchCheckpoint(files[backbone])
			if paths[i] = path; !there {
				paths[i] += ", not there yet: will be downloaded"
			}
		}
		return paths
	}
	return []string{w.Path}
}
