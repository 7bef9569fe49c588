package model

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"kizu/orchestrator/filehash"
)

// Classifier is a trained one that was kept: a folder with model.json and
// model.safetensors, as scripts/classifier/kept.py writes it.
type Classifier struct {
	Path    string
	SHA256  string   // of the folder's contents
	Classes []string // the good one first
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
		Classes []string `json:"classes"`
	}
	if err := json.Unmarshal(text, &card); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(path, "model.json"), err)
	}
	sum, err := folder(h, path)
	if err != nil {
		return nil, err
	}
	return &Classifier{Path: path, SHA256: sum, Classes: card.Classes}, nil
}
