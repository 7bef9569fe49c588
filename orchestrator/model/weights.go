package model

import (
	"path/filepath"

	"kizu/orchestrator/filehash"
)

// Weights are a classifier's initial weights: known by a name, a file, or a vision transformer.
type Weights struct {
	Name   string // "" for a file
	Path   string
	SHA256 string
	Models []string // that start from them

	Encoder *Encoder // which they are of; nil for others
}

// FindWeights looks up a .safetensors file of weights.
func FindWeights(h *filehash.Hashes, path string) (*Weights, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	sum, err := h.File(path)
	if err != nil {
		return nil, err
	}
	return &Weights{Path: path, SHA256: sum}, nil
}

// WeightsSuffix is how the name of a file of weights ends.
const WeightsSuffix = checkpointSuffix
