package model

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"strings"

	"github.com/goccy/go-yaml"
)

// What a UNet predicts of a noisy image: its noise, or the velocity (Salimans &
// Ho, arXiv 2202.00512). These are diffusers' names.
const (
	predictsNoise    = "epsilon"
	predictsVelocity = "v_prediction"
)

// prediction tells what a checkpoint's UNet predicts, and by what: the .yaml
// beside it with its name, as AUTOMATIC1111 has it; its own metadata
// (github.com/Stability-AI/ModelSpec); or its weights.
func (h *header) prediction(a *architecture) (prediction, by string, err error) {
	if prediction, err = besideYAML(h.path); prediction != "" || err != nil {
		return prediction, "as " + yamlOf(h.path) + " says", err
	}
	switch h.metadata["modelspec.prediction_type"] {
	case "v", predictsVelocity:
		return predictsVelocity, "as its metadata say", nil
	case predictsNoise:
		return predictsNoise, "as its metadata say", nil
	}
	if _, ok := h.tensors["v_pred"]; ok { // an empty tensor, which ComfyUI goes by as well
		return predictsVelocity, "as its tensor v_pred says", nil
	}
	if a.configuration != "sd2" {
		return predictsNoise, "", nil
	}
	prediction, err = h.predictionOfSD2()
	return prediction, "told from its weights; " + yamlOf(h.path) + " with parameterization: v or eps would decide", err
}

// lastNorm is the layer by whose spread ComfyUI (comfy/supported_models.py, SD20)
// tells Stable Diffusion 2's velocity models, in which it is above the limit,
// from those that predict noise. Names and shapes are the same in both.
const (
	lastNorm      = unetPrefix + "output_blocks.11.1.transformer_blocks.0.norm1.bias"
	velocityAbove = 0.09
)

func (h *header) predictionOfSD2() (string, error) {
	values, err := h.values(lastNorm)
	if err != nil {
		return "", err
	}
	mean, square := 0.0, 0.0
	for _, value := range values {
		mean += value / float64(len(values))
	}
	for _, value := range values {
		square += (value - mean) * (value - mean) / float64(len(values))
	}
	if math.Sqrt(square) > velocityAbove {
		return predictsVelocity, nil
	}
	return predictsNoise, nil
}

// yamlOf is the configuration in the layout of Stable Diffusion's first release
// that AUTOMATIC1111 looks for beside a checkpoint.
func yamlOf(checkpoint string) string {
	return strings.TrimSuffix(checkpoint, checkpointSuffix) + ".yaml"
}

// besideYAML is the prediction that the .yaml beside a checkpoint asks for, by its
// model.params.parameterization, or parameterization alone: v or eps. "" if there
// is no such file, or it is about something else.
func besideYAML(checkpoint string) (string, error) {
	path := yamlOf(checkpoint)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	} else if err != nil {
		return "", err
	}
	var file struct {
		Parameterization string `yaml:"parameterization"`
		Model            *struct {
			Params struct {
				Parameterization string `yaml:"parameterization"`
			} `yaml:"params"`
		} `yaml:"model"`
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		return "", fmt.Errorf("%s, beside the base model: %w", path, err)
	}
	value := file.Parameterization
	if file.Model != nil {
		if value = file.Model.Params.Parameterization; value == "" {
			value = "eps" // the first release's default
		}
	}
	switch value {
	case "":
		return "", nil
	case "v":
		return predictsVelocity, nil
	case "eps":
		return predictsNoise, nil
	}
	return "", fmt.Errorf("%s, beside the base model: parameterization %q is neither v nor eps", path, value)
}
