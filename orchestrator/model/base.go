// Package model knows base models, feature encoders and classifiers' weights: where
// they are, whether they are whole, and which images they were trained on. It reads
// headers and never weights, but to hash them.
package model

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"kizu/orchestrator/csvfile"
	"kizu/orchestrator/filehash"
)

// Base is the base diffusion model of an experiment.
type Base struct {
	Name   string          // as the experiment file has it
	Path   string          // its folder or checkpoint file; "" for a model of the Hugging Face hub
	SHA256 string          // of their contents; "" for a model of the hub
	Cached string          // the folder of a model of the hub in the local cache; "" if it is not there
	Seen   map[string]bool // hashes of the images it says it was trained on

	Family   *Family // nil where that is not known yet: of a single file, or a model of the hub
	Inpaints bool    // its UNet must be shown a mask: methods without one make no images with it
}

// hubID is the form of a Hugging Face model id: owner/name.
var hubID = regexp.MustCompile(`^[A-Za-z0-9][\w.-]*/[\w.-]+$`)

// FindBase looks a base model up: a diffusers folder or a single .safetensors
// checkpoint, relative to one of dirs, or else a Hugging Face id, which the
// worker resolves. Whether it is complete is for Check to say.
func FindBase(h *filehash.Hashes, name string, dirs ...string) (*Base, error) {
	var tried, strangers []string
	for _, dir := range dirs {
		path := name
		if !filepath.IsAbs(name) {
			var err error
			if path, err = filepath.Abs(filepath.Join(dir, name)); err != nil {
				return nil, err
			}
		}
		info, err := os.Stat(path)
		switch {
		case err == nil && !info.IsDir():
			return openCheckpoint(h, name, path)
		case exists(filepath.Join(path, modelIndex)):
			return openBase(h, name, path)
		case err == nil:
			strangers = append(strangers, path)
		}
		if !slices.Contains(tried, path) {
			tried = append(tried, path)
		}
	}
	switch {
	case len(strangers) > 0:
		return nil, fmt.Errorf("base model %s is not a diffusers model: it has no model_index.json", strangers[0])
	case hubID.MatchString(name) && !strings.HasSuffix(name, checkpointSuffix):
		return hubBase(name)
	}
	return nil, fmt.Errorf("base model %q: no such folder (looked for %s)", name, strings.Join(tried, ", "))
}

const (
	modelIndex       = "model_index.json" // what makes a folder a diffusers model
	checkpointSuffix = ".safetensors"
)

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func openBase(h *filehash.Hashes, name, path string) (*Base, error) {
	sum, err := Hash(h, path)
	if err != nil {
		return nil, fmt.Errorf("base model %s: %w", path, err)
	}
	base := &Base{Name: name, Path: path, SHA256: sum}
	return base, base.readCard(path)
}

// openCheckpoint opens a single file with all weights. The folder beside it with
// its name, if there is one, holds its configuration and its card.
func openCheckpoint(h *filehash.Hashes, name, path string) (*Base, error) {
	config, ok := strings.CutSuffix(path, checkpointSuffix)
	if !ok {
		return nil, fmt.Errorf("base model %s is a file that is not loaded: give a diffusers folder or a .safetensors checkpoint (pickles such as .ckpt can run code)", path)
	}
	sum, err := Hash(h, path)
	if err != nil {
		return nil, fmt.Errorf("base model: %w", err)
	}
	base := &Base{Name: name, Path: path, SHA256: sum}
	if !exists(filepath.Join(config, modelIndex)) {
		return base, nil
	}
	return base, base.readCard(config)
}

// Hash hashes what a base model computes with: a folder, or a checkpoint and
// what beside it configures it: a folder, or a .yaml that says what it predicts.
func Hash(h *filehash.Hashes, path string) (string, error) {
	config, ok := strings.CutSuffix(path, checkpointSuffix)
	if !ok {
		return folder(h, path)
	}
	sum, err := h.File(path)
	if err != nil {
		return "", err
	}
	beside := ""
	if exists(filepath.Join(config, modelIndex)) {
		beside, err = folder(h, config)
	} else {
		beside, err = besideYAML(path)
	}
	if err != nil || beside == "" {
		return sum, err
	}
	both := sha256.Sum256([]byte(sum + beside))
	return hex.EncodeToString(both[:]), nil
}

// readCard reads what the model in a folder says of itself: which images it was trained
// on, and what its UNet takes. Whether that is whole is for Check to say.
func (b *Base) readCard(dir string) (err error) {
	if b.Seen, err = readSeen(filepath.Join(dir, trainingImages)); err != nil {
		return fmt.Errorf("base model %s: %w", dir, err)
	}
	if _, b.Family, err = readIndex(dir); err != nil {
		return nil
	}
	if taken, latent, err := channels(dir, b.Family); err == nil {
		b.Inpaints = inpaints(taken, latent)
	}
	return nil
}

// folder hashes what the model in a folder computes with: weights,
// configurations and vocabularies. Its card and pictures do not count.
func folder(h *filehash.Hashes, dir string) (string, error) {
	return h.Folder(dir, func(name string) bool {
		return slices.Contains([]string{".json", ".safetensors", ".txt", ".bin", ".model"}, strings.ToLower(filepath.Ext(name)))
	})
}

// hexSHA256 is the form of a hash.
var hexSHA256 = regexp.MustCompile(`^[0-9a-f]{64}$`)

// trainingImages is the file in a base model's folder that lists the images it
// was trained on: columns name, sha256 and, where a model knows what its images
// show in other files too, pixels_sha256 (Picture.Pixels). None of them may be
// tested on.
const trainingImages = "training_images.csv"

// readSeen reads the hashes in a training_images.csv; none if there is no file.
func readSeen(path string) (map[string]bool, error) {
	table, err := csvfile.Read(path, "sha256")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, row := range table.Rows {
		for _, column := range []string{"sha256", "pixels_sha256"} {
			if !table.Has(column) {
				continue
			}
			sum := strings.ToLower(row.Field(column))
			if !hexSHA256.MatchString(sum) {
				return nil, row.Wrong("%q is not a SHA-256 in hex", row.Field(column))
			}
			seen[sum] = true
		}
	}
	return seen, nil
}
