package dataset

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Base is the base diffusion model of an experiment.
type Base struct {
	Name   string          // as the experiment file has it
	Path   string          // its folder or checkpoint file; "" for a model of the Hugging Face hub
	SHA256 string          // of their contents; "" for a model of the hub
	Cached string          // the folder of a model of the hub in the local cache; "" if it is not there
	Seen   map[string]bool // hashes of the images it says it was trained on
}

// hubID is the form of a Hugging Face model id: owner/name.
var hubID = regexp.MustCompile(`^[A-Za-z0-9][\w.-]*/[\w.-]+$`)

// FindBase looks a base model up: a diffusers folder or a single .safetensors
// checkpoint, relative to one of dirs, or else a Hugging Face id, which the
// worker resolves. Whether it is complete is for Check to say.
func FindBase(name string, dirs ...string) (*Base, error) {
	return (*Hashes)(nil).FindBase(name, dirs...)
}

// FindBase is FindBase with remembered hashes.
func (h *Hashes) FindBase(name string, dirs ...string) (*Base, error) {
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
			return h.openCheckpoint(name, path)
		case exists(filepath.Join(path, modelIndex)):
			return h.openBase(name, path)
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

func (h *Hashes) openBase(name, path string) (*Base, error) {
	sum, err := h.Model(path)
	if err != nil {
		return nil, fmt.Errorf("base model %s: %w", path, err)
	}
	base := &Base{Name: name, Path: path, SHA256: sum}
	return base, base.readCard(path)
}

// openCheckpoint opens a single file with all weights. The folder beside it with
// its name, if there is one, holds its configuration and its card.
func (h *Hashes) openCheckpoint(name, path string) (*Base, error) {
	config, ok := strings.CutSuffix(path, checkpointSuffix)
	if !ok {
		return nil, fmt.Errorf("base model %s is a file that is not loaded: give a diffusers folder or a .safetensors checkpoint (pickles such as .ckpt can run code)", path)
	}
	sum, err := h.Model(path)
	if err != nil {
		return nil, fmt.Errorf("base model: %w", err)
	}
	base := &Base{Name: name, Path: path, SHA256: sum}
	if !exists(filepath.Join(config, modelIndex)) {
		return base, nil
	}
	return base, base.readCard(config)
}

// Model hashes what a base model computes with: a folder, or a checkpoint and
// what beside it configures it: a folder, or a .yaml that says what it predicts.
func (h *Hashes) Model(path string) (string, error) {
	config, ok := strings.CutSuffix(path, checkpointSuffix)
	if !ok {
		return h.folder(path)
	}
	sum, err := h.File(path)
	if err != nil {
		return "", err
	}
	beside := ""
	if exists(filepath.Join(config, modelIndex)) {
		beside, err = h.folder(config)
	} else {
		beside, err = besideYAML(path)
	}
	if err != nil || beside == "" {
		return sum, err
	}
	both := sha256.Sum256([]byte(sum + beside))
	return hex.EncodeToString(both[:]), nil
}

// readCard reads which images the model in a folder says it was trained on.
func (b *Base) readCard(dir string) (err error) {
	if b.Seen, err = readSeen(filepath.Join(dir, trainingImages)); err != nil {
		return fmt.Errorf("base model %s: %w", dir, err)
	}
	return nil
}

// folder hashes what the model in a folder computes with: weights,
// configurations and vocabularies. Its card and pictures do not count.
func (h *Hashes) folder(dir string) (string, error) {
	hash := sha256.New()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if entry.Type()&fs.ModeSymlink != 0 {
			if info, err := os.Stat(path); err == nil && info.IsDir() {
				return fmt.Errorf("%s is a link to a folder, and those are not hashed: put the folder itself there", path)
			}
		}
		switch strings.ToLower(filepath.Ext(path)) {
		case ".json", ".safetensors", ".txt", ".bin", ".model":
		default:
			return nil
		}
		sum, err := h.File(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		fmt.Fprintf(hash, "%s\x00%s\n", filepath.ToSlash(name), sum)
		return err
	})
	return hex.EncodeToString(hash.Sum(nil)), err
}
