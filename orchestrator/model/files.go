package model

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Files says which files of a base model a worker loads: what Check found, and
// nothing that the worker would have to find again.
type Files struct {
	// Configuration of a checkpoint: the name of a built-in one, or the folder
	// beside the checkpoint.
	Configuration string `json:"configuration,omitempty"`
	// Prediction of a checkpoint with a built-in configuration.
	Prediction string `json:"prediction,omitempty"`
	// Variants of a folder's components whose weights are there in files of a
	// variant only, such as fp16.
	Variants map[string]string `json:"variants,omitempty"`
}

// Place is where a worker finds the base model: its folder or file, or for a
// model of the hub the folder in the cache; the name of one that is not there.
func (b *Base) Place() string { return cmp.Or(b.Path, b.Cached, b.Name) }

// OfTheHub reports whether it is a model of the Hugging Face hub.
func (b *Base) OfTheHub() bool { return b.Path == "" && b.Name != "" }

// Check says where the base model is and which of its files are used, or why a
// run could not load it. It reads headers only.
func (b *Base) Check() (note string, err error) {
	if b.Path+b.Name == "" { // none is needed
		return "", nil
	}
	if b.OfTheHub() {
		return checkHub("base model", b.Name, b.Cached, wholeModel)
	}
	_, note, err = b.Files()
	return note, err
}

// wholeModel says which weights of a folder are used, or what it lacks.
func wholeModel(dir string) (note string, err error) {
	_, note, err = filesOfFolder(dir)
	return note, err
}

// Files says which files are loaded, and describes them. Of a model of the hub
// that is not in the cache there are none.
func (b *Base) Files() (files Files, note string, err error) {
	if b.OfTheHub() && b.Cached == "" {
		return files, "", nil
	}
	place := b.Place()
	info, err := os.Stat(place)
	switch {
	case err != nil:
		return files, "", fmt.Errorf("base model: %w", err)
	case info.IsDir():
		files, note, err = filesOfFolder(place)
		if err != nil {
			return files, "", fmt.Errorf("base model %s: %w", place, err)
		}
		return files, "folder " + place + note, nil
	}
	files, note, err = filesOfCheckpoint(place)
	if err != nil {
		return files, "", fmt.Errorf("base model %w", err)
	}
	return files, "checkpoint " + place + note, nil
}

// filesOfCheckpoint looks at a single file, and for its configuration.
func filesOfCheckpoint(path string) (files Files, note string, err error) {
	h, err := readHeader(path)
	if err != nil {
		return files, "", err
	}
	config := strings.TrimSuffix(path, checkpointSuffix)
	if exists(filepath.Join(config, modelIndex)) {
		return Files{Configuration: config}, "; configuration: " + config, h.isBaseModel()
	}
	a, err := architectureOf(h)
	if err != nil {
		return files, "", err
	}
	prediction, by, err := h.prediction(a)
	if by != "" {
		what := map[string]string{predictsNoise: "noise", predictsVelocity: "velocity (v)"}[prediction]
		note = fmt.Sprintf(", which predicts %s (%s)", what, by)
	}
	return Files{Configuration: a.configuration, Prediction: prediction}, ": " + a.name + note + "; built-in configuration", err
}

// filesOfFolder requires a diffusers folder to have every component that its
// index lists, whole, and says which weights are used where there are several.
func filesOfFolder(dir string) (files Files, note string, err error) {
	index, family, err := readIndex(dir)
	if err != nil {
		return files, "", err
	}
	var uses []string
	for _, c := range components {
		optional := slices.Contains(family.Optional, c.name) && !index.lists(c.name)
		if optional || !slices.Contains(slices.Concat(family.Components, family.Optional), c.name) {
			continue
		}
		if !index.lists(c.name) {
			return files, "", fmt.Errorf("%s lists no %s", modelIndex, c.name)
		}
		weights, err := c.check(filepath.Join(dir, c.name))
		if err != nil {
			if !exists(filepath.Join(dir, c.name)) && slices.Contains(family.Optional, c.name) {
				err = fmt.Errorf("%s is missing, which %s lists: copy it, or write [null, null] for it there", c.name, modelIndex)
			}
			return files, "", err
		}
		if weights.variant != "" {
			if files.Variants == nil {
				files.Variants = map[string]string{}
			}
			files.Variants[c.name] = weights.variant
		}
		if use := weights.String(); use != "" {
			uses = append(uses, c.name+" "+use)
		}
	}
	if len(uses) > 0 {
		note = "; weights: " + strings.Join(uses, ", ")
	}
	if err := schedulerFits(dir, family); err != nil {
		return files, "", err
	}
	return files, note, channelsFit(dir, family)
}

// flowScheduler is that of models that learn by flow matching, diffusers' name of it.
const flowScheduler = "FlowMatchEulerDiscreteScheduler"

// schedulerFits refuses a scheduler by which no model of the family has learnt: training and
// sampling would go by it, and come to nothing.
func schedulerFits(dir string, f *Family) error {
	var scheduler struct {
		Class string `json:"_class_name"`
	}
	path := filepath.Join(dir, "scheduler", "scheduler_config.json")
	if err := readJSON(path, &scheduler); err != nil {
		return err
	}
	if (scheduler.Class == flowScheduler) != f.Flow {
		return fmt.Errorf("%s is of a %q, by which models of its kind do not learn: copy it again", path, scheduler.Class)
	}
	return nil
}

// channelsFit refuses a folder whose denoiser takes more than the autoencoder's
// latents, but for a UNet that is made for inpainting.
func channelsFit(dir string, f *Family) error {
	taken, latent, err := channels(dir, f)
	if err == nil && taken > 0 && latent > 0 && taken != latent && (f.Flow || !inpaints(taken, latent)) {
		return fmt.Errorf("its denoiser takes %d channels and its latents have %d: it is no model of text to image or for inpainting, but one for depth or the like", taken, latent)
	}
	return err
}

// inpaints says whether a UNet takes a mask, and the latents of a masked picture, beside
// latents of so many channels.
func inpaints(taken, latent int) bool { return latent > 0 && taken == 2*latent+1 }

// channels are how many a folder's denoiser takes, and its latents have; 0 where the
// configurations do not say.
func channels(dir string, f *Family) (taken, latent int, err error) {
	var denoiser struct {
		In int `json:"in_channels"`
	}
	var vae struct {
		Latent int `json:"latent_channels"`
	}
	if err := readJSON(filepath.Join(dir, f.Denoiser(), "config.json"), &denoiser); err != nil {
		return 0, 0, err
	}
	err = readJSON(filepath.Join(dir, "vae", "config.json"), &vae)
	return denoiser.In, vae.Latent, err
}

// index is a model_index.json.
type index map[string]any

func readIndex(dir string) (index, *Family, error) {
	read := index{}
	if err := readJSON(filepath.Join(dir, modelIndex), &read); err != nil {
		return nil, nil, err
	}
	class, _ := read["_class_name"].(string)
	found, err := familyOf(class)
	return read, found, err
}

// lists reports whether the pipeline has a component: a library and a class,
// null where it has none.
func (x index) lists(component string) bool {
	pair, _ := x[component].([]any)
	return len(pair) == 2 && pair[1] != nil
}
