package model

import (
	"cmp"
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

// largestSide is the most that an image is scaled to for a classifier, in pixels.
const largestSide = 4096

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
		Tiles      int       `json:"tiles"`
		Levels     []int     `json:"levels"`
		Precision  string    `json:"precision"`

		Reproducible bool `json:"reproducible"`
	}
	err = json.Unmarshal(text, &card)
	if wrong := new(json.UnmarshalTypeError); errors.As(err, &wrong) {
		err = fmt.Errorf("%s is no such thing as kizu writes there", cmp.Or(wrong.Field, "what it holds"))
	}
	if err == nil {
		switch {
		case card.Model == "":
			err = errors.New("model is missing")
		case card.Resolution < 1 || card.Resolution > largestSide || len(card.Mean) != 3 || len(card.Std) != 3 || slices.Min(card.Std) <= 0:
			err = fmt.Errorf("resolution must be pixels, at most %d, mean three numbers and std three above 0", largestSide)
		case card.Threshold != nil && !(*card.Threshold >= 0 && *card.Threshold <= 1):
			err = errors.New("threshold must be from 0 to 1")
		case card.Tiles < -1 || len(card.Levels) != 0 && len(card.Levels) != 2:
			err = errors.New("tiles must be pixels, 0 or -1, and levels none or two numbers")
		case !slices.Contains([]string{"", "fp32", "bf16", "fp16"}, card.Precision):
			err = errors.New("precision must be fp32, bf16 or fp16")
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
