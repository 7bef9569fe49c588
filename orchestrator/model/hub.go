package model

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"kizu/orchestrator/filehash"
)

// hubBase looks a model of the Hugging Face hub up in the local cache, where
// huggingface_hub keeps it (huggingface.co/docs/huggingface_hub, "Understand
// caching"). One that is not there may still be downloaded.
func hubBase(name string) (*Base, error) {
	base := &Base{Name: name, Cached: hubSnapshot(name, modelIndex)}
	if base.Cached == "" {
		return base, nil
	}
	return base, base.readCard(base.Cached)
}

// hubSnapshot is the folder of a model of the hub in the local cache, if the
// cache has the given file of it; "" if not.
func hubSnapshot(name, file string) string {
	repo := filepath.Join(hubCache(), "models--"+strings.ReplaceAll(name, "/", "--"))
	revision, err := os.ReadFile(filepath.Join(repo, "refs", "main"))
	if err != nil {
		return ""
	}
	snapshot := filepath.Join(repo, "snapshots", strings.TrimSpace(string(revision)))
	if !exists(filepath.Join(snapshot, file)) {
		return ""
	}
	return snapshot
}

// hubCache is the folder of huggingface_hub's cache, by the variables that its
// documentation lists under "Environment variables".
func hubCache() string {
	for _, name := range []string{"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"} {
		if dir := os.Getenv(name); dir != "" {
			return homely(dir)
		}
	}
	if dir := os.Getenv("HF_HOME"); dir != "" {
		return filepath.Join(homely(dir), "hub")
	}
	return filepath.Join(userCache(), "huggingface", "hub")
}

// userCache is where libraries of Python keep downloads.
func userCache() string {
	cache := os.Getenv("XDG_CACHE_HOME")
	if cache == "" {
		cache = "~/.cache"
	}
	return homely(cache)
}

// TorchCheckpoint is where torch.hub keeps a file of weights, whether or not it is there.
func TorchCheckpoint(name string) (path string, there bool) {
	home := filepath.Join(userCache(), "torch")
	if dir := os.Getenv("TORCH_HOME"); dir != "" {
		home = homely(dir)
	}
	path = filepath.Join(home, "hub", "checkpoints", name)
	return path, exists(path)
}

// homely replaces a leading ~ and variables, as huggingface_hub does.
func homely(dir string) string {
	dir = os.ExpandEnv(dir)
	if rest, ok := strings.CutPrefix(dir, "~"); ok && (rest == "" || rest[0] == '/') {
		if home, err := os.UserHomeDir(); err == nil {
			return home + rest
		}
	}
	return dir
}

// offline reports whether huggingface_hub is told to download nothing.
func offline() (variable string, yes bool) {
	for _, name := range []string{"HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"} {
		if slices.Contains([]string{"1", "ON", "YES", "TRUE"}, strings.ToUpper(os.Getenv(name))) {
			return name, true
		}
	}
	return "", false
}

// checkHub checks a model of the hub, cached in a folder or not: in the cache and
// whole, or downloadable. what is the model's use, for errors.
func checkHub(what, name, cached string, whole func(dir string) (note string, err error)) (note string, err error) {
	variable, yes := offline()
	switch {
	case cached != "":
		if note, err := whole(cached); err == nil {
			return "in the cache, " + cached + note, nil
		} else if yes {
			return "", fmt.Errorf("%s %s in the Hugging Face cache is not whole (%w), and %s is set: download it again", what, name, err, variable)
		}
		return "only partly in the cache: the rest will be downloaded from the Hugging Face hub", nil
	case yes:
		return "", fmt.Errorf("%s %s is not in the Hugging Face cache (%s), and %s is set: download it first, or give a folder", what, name, hubCache(), variable)
	}
	return "not in the cache: will be downloaded from the Hugging Face hub", nil
}

// Encoder is a pretrained vision transformer whose features images are compared by.
type Encoder struct {
	Name   string // a Hugging Face id, or the folder as the experiment file has it
	Path   string // its folder; "" for a model of the Hugging Face hub
	SHA256 string // of the folder's contents; "" for a model of the hub
	Cached string // the folder of a model of the hub in the local cache; "" if it is not there
	Patch  int    // side in pixels of the squares that it sees; 0 where its config.json does not say
}

// encoderConfig is what makes a folder a model of transformers.
const encoderConfig = "config.json"

// FindEncoder looks a model up: a folder, or else a Hugging Face id, which the
// worker resolves. Whether it is complete is for Check to say.
func FindEncoder(h *filehash.Hashes, name, path string) (*Encoder, error) {
	if exists(path) {
		if !exists(filepath.Join(path, encoderConfig)) {
			return nil, fmt.Errorf("vision transformer %s is no model of transformers: it has no %s", path, encoderConfig)
		}
		sum, err := folder(h, path)
		if err != nil {
			return nil, fmt.Errorf("vision transformer %s: %w", path, err)
		}
		return &Encoder{Name: name, Path: path, SHA256: sum, Patch: patchOf(path)}, nil
	}
	if !hubID.MatchString(name) {
		return nil, fmt.Errorf("vision transformer %q: no such folder (looked for %s)", name, path)
	}
	cached := hubSnapshot(name, encoderConfig)
	return &Encoder{Name: name, Cached: cached, Patch: patchOf(cached)}, nil
}

// encoderCard is what an encoder's config.json says.
type encoderCard struct {
	Type   string       `json:"model_type"`
	Patch  int          `json:"patch_size"`
	Vision *encoderCard `json:"vision_config"` // of a model of texts and images
}

func readEncoderCard(dir string) (card encoderCard, err error) {
	err = readJSON(filepath.Join(dir, encoderConfig), &card)
	return card, err
}

// patchOf is the side of the squares that an encoder sees; 0 if its folder does not say, which
// Check does.
func patchOf(dir string) int {
	card, err := readEncoderCard(dir)
	switch {
	case dir == "" || err != nil:
		return 0
	case card.Vision != nil:
		return card.Vision.Patch
	}
	return card.Patch
}

// Check says where the model is, or why a run could not load it. It reads headers only.
func (e *Encoder) Check() (note string, err error) {
	if e.Path == "" {
		return checkHub("vision transformer", e.Name, e.Cached, checkEncoder)
	}
	note, err = checkEncoder(e.Path)
	if err != nil {
		return "", fmt.Errorf("vision transformer %s: %w", e.Path, err)
	}
	return "folder " + e.Path + note, nil
}

// Place is where a worker finds the model: its folder, or for a model of the hub
// the folder in the cache; the name of one that is not there.
func (e *Encoder) Place() string { return cmp.Or(e.Path, e.Cached, e.Name) }

// OfTheHub reports whether it is a model of the Hugging Face hub.
func (e *Encoder) OfTheHub() bool { return e.Path == "" }

// transformers are the kinds that scripts/classifier/vision.py loads.
var transformers = []string{"clip", "clip_vision_model", "dinov2", "dinov2_with_registers"}

// encoder is the whole model as a component.
var encoder = component{name: "it", stem: transformersStem, needs: [][]string{{encoderConfig, "preprocessor_config.json"}}}

func checkEncoder(dir string) (note string, err error) {
	card, err := readEncoderCard(dir)
	if err != nil {
		return "", err
	}
	if !slices.Contains(transformers, card.Type) {
		return "", fmt.Errorf("its %s says that it is a %q: supported are %s", encoderConfig, card.Type, strings.Join(transformers, ", "))
	}
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
