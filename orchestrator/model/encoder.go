package model

import (
	"fmt"
	"path/filepath"

	"kizu/orchestrator/filehash"
)

// Encoder is a pretrained vision transformer whose features images are compared
// by.
type Encoder struct {
	Name   string // a Hugging Face id, or the folder as the experiment file has it
	Path   string // its folder; "" for a model of the Hugging Face hub
	SHA256 string // of the folder's contents; "" for a model of the hub
	Cached string // the folder of a model of the hub in the local cache; "" if it is not there
}

// encoderConfig is what makes a folder a model of transformers.
const encoderConfig = "config.json"

// FindEncoder looks a model up: a folder, or else a Hugging Face id, which the
// worker resolves. Whether it is complete is for Check to say.
func FindEncoder(h *filehash.Hashes, name, path string) (*Encoder, error) {
	if exists(path) {
		if !exists(filepath.Join(path, encoderConfig)) {
			return nil, fmt.Errorf("features model %s is no model of transformers: it has no %s", path, encoderConfig)
		}
		sum, err := folder(h, path)
		if err != nil {
			return nil, fmt.Errorf("features model %s: %w", path, err)
		}
		return &Encoder{Name: name, Path: path, SHA256: sum}, nil
	}
	if !hubID.MatchString(name) {
		return nil, fmt.Errorf("features model %q: no such folder (looked for %s)", name, path)
	}
	return &Encoder{Name: name, Cached: hubSnapshot(name, encoderConfig)}, nil
}

// Check says where the model is, or why a run could not load it. It reads
// headers only.
func (e *Encoder) Check() (note string, err error) {
	if e.Path == "" {
		return checkHub("features model", e.Name, e.Cached, checkEncoder)
	}
	note, err = checkEncoder(e.Path)
	if err != nil {
		return "", fmt.Errorf("features model %s: %w", e.Path, err)
	}
	return "folder " + e.Path + note, nil
}

// Place is where a worker finds the model: its folder, or for a model of the hub
// the folder in the cache; the name of one that is not there.
func (e *Encoder) Place() string {
	for _, place := range []string{e.Path, e.Cached} {
		if place != "" {
			return place
		}
	}
	return e.Name
}

// OfTheHub reports whether it is a model of the Hugging Face hub.
func (e *Encoder) OfTheHub() bool { return e.Path == "" }

// encoder is the whole model as a component.
var encoder = component{name: "it", stem: transformersStem, needs: [][]string{{encoderConfig, "preprocessor_config.json"}}}

func checkEncoder(dir string) (note string, err error) {
	found, err := encoder.check(dir)
	if err != nil {
		return "", err
	}
	if found.variant != "" {
		return "", fmt.Errorf("it has weights of %s only: download its %s.safetensors", found.variant, transformersStem)
	}
	if text := found.String(); text != "" {
		note = "; weights: " + text
	}
	return note, nil
}
