package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"kizu/orchestrator/filehash"
)

// Classifier is a trained one that was kept: a folder with model.json and
// model.safetensors, as scripts/classifier/kept.py writes it.
type Classifier struct {
	Path    string
	SHA256  string   // of the folder's contents
	Model   string   // its backbone
	Classes []string // the good one first

	Threshold *float64 // of 1 less the probability of the good class, from which on a part is sorted out; nil for none
	TrainedOn []string // SHA-256 of the photos' files

	Reproducible bool // it was trained with the setting of that name
}

// FindClassifier looks a kept classifier up.
func FindClassifier(h *filehash.Hashes, path string) (*Classifier, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(path, "model.json"))
	if err != nil {
		return nil, fmt.Errorf("no kept classifier, which is a folder with model.json and model.safetensors: %w", err)
	}
	var card struct {
		Model      string    `json:"model"`
		Classes    []string  `json:"classes"`
		Resolution int       `json:"resolution"`
		Mean       []float64 `json:"mean"`
		Std        []float64 `json:"std"`
		Threshold  *float64  `json:"threshold"`
		TrainedOn  []string  `json:"trained_on"`

		Reproducible bool `json:"reproducible"`
	}
	err = json.Unmarshal(text, &card)
	if err == nil {
		switch {
		case card.Resolution < 1 || len(card.Mean) != 3 || len(card.Std) != 3:
			err = errors.New("resolution, mean and std must be pixels and three numbers each")
		case len(card.Classes) < 2 || len(slices.Compact(slices.Sorted(slices.Values(card.Classes)))) < len(card.Classes):
			err = errors.New("classes must be two or more, each once")
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(path, "model.json"), err)
	}
	if _, err := readHeader(filepath.Join(path, "model.safetensors")); err != nil {
		return nil, err
	}
	sum, err := folder(h, path)
	if err != nil {
		return nil, err
	}
	return &Classifier{path, sum, card.Model, card.Classes, card.Threshold, card.TrainedOn, card.Reproducible}, nil
}
