package dataset

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
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
	Path   string          // its folder; "" for a model of the Hugging Face hub
	SHA256 string          // of the folder's contents; "" for a model of the hub
	Seen   map[string]bool // hashes of the images it says it was trained on
}

// hubID is the form of a Hugging Face model id: owner/name.
var hubID = regexp.MustCompile(`^[A-Za-z0-9][\w.-]*/[\w.-]+$`)

// hexSHA256 is the form of Image.SHA256.
var hexSHA256 = regexp.MustCompile(`^[0-9a-f]{64}$`)

// trainingImages is the file in a base model's folder that lists the images it
// was trained on: columns name and sha256. None of them may be tested on.
const trainingImages = "training_images.csv"

// FindBase looks a base model up: a diffusers folder, relative to one of dirs,
// or else a Hugging Face id, which the worker resolves.
func FindBase(name string, dirs ...string) (*Base, error) {
	var tried, strangers []string
	for _, dir := range dirs {
		path := name
		if !filepath.IsAbs(name) {
			path = filepath.Join(dir, name)
		}
		if _, err := os.Stat(filepath.Join(path, "model_index.json")); err == nil {
			return openBase(name, path)
		}
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			strangers = append(strangers, path)
		}
		if !slices.Contains(tried, path) {
			tried = append(tried, path)
		}
	}
	switch {
	case len(strangers) > 0:
		return nil, fmt.Errorf("base model %s is not a diffusers model: it has no model_index.json", strangers[0])
	case hubID.MatchString(name):
		return &Base{Name: name}, nil
	}
	return nil, fmt.Errorf("base model %q: no such folder (looked for %s)", name, strings.Join(tried, ", "))
}

func openBase(name, path string) (*Base, error) {
	sum, err := hashModel(path)
	if err != nil {
		return nil, fmt.Errorf("base model %s: %w", path, err)
	}
	seen, err := readSeen(filepath.Join(path, trainingImages))
	if err != nil {
		return nil, fmt.Errorf("base model %s: %w", path, err)
	}
	return &Base{Name: name, Path: path, SHA256: sum, Seen: seen}, nil
}

// hashModel hashes what the model computes with: weights, configurations and
// vocabularies. Its card and pictures do not count.
func hashModel(dir string) (string, error) {
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
		sum, err := HashFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		fmt.Fprintf(hash, "%s\x00%s\n", filepath.ToSlash(name), sum)
		return err
	})
	return hex.EncodeToString(hash.Sum(nil)), err
}

// readSeen reads the hashes in a training_images.csv; none if there is no file.
func readSeen(path string) (map[string]bool, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", trainingImages, err)
	}
	if len(rows) == 0 || !slices.Contains(rows[0], "sha256") {
		return nil, fmt.Errorf("%s has no column sha256", trainingImages)
	}
	column := slices.Index(rows[0], "sha256")
	seen := map[string]bool{}
	for i, row := range rows[1:] {
		sum := strings.ToLower(strings.TrimSpace(row[column]))
		if !hexSHA256.MatchString(sum) {
			return nil, fmt.Errorf("%s:%d: %q is not a SHA-256 in hex", trainingImages, i+2, row[column])
		}
		seen[sum] = true
	}
	return seen, nil
}
