package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// component is a part of a pipeline, in a folder of its own.
type component struct {
	name  string
	stem  string     // of its files of weights, before .safetensors; "" if it has none
	needs [][]string // files: all of one of these lists
}

// Stems that diffusers and transformers give files of weights.
const (
	diffusersStem    = "diffusion_pytorch_model"
	transformersStem = "model"
)

var (
	configured = [][]string{{"config.json"}}
	words      = [][]string{{"tokenizer_config.json", "vocab.json", "merges.txt"}, {"tokenizer_config.json", "tokenizer.json"}}
)

// components are those of all families; families.json says which has which.
var components = []component{
	{name: "unet", stem: diffusersStem, needs: configured},
	{name: "transformer", stem: diffusersStem, needs: configured},
	{name: "vae", stem: diffusersStem, needs: configured},
	{name: "text_encoder", stem: transformersStem, needs: configured},
	{name: "text_encoder_2", stem: transformersStem, needs: configured},
	{name: "text_encoder_3", stem: transformersStem, needs: configured},
	{name: "tokenizer", needs: words},
	{name: "tokenizer_2", needs: words},
	{name: "tokenizer_3", needs: words},
	{name: "scheduler", needs: [][]string{{"scheduler_config.json"}}},
}

// check requires a component's folder to be whole, and says which of its weights
// are used.
func (c component) check(dir string) (weights, error) {
	if !exists(dir) {
		return weights{}, fmt.Errorf("%s is missing: copy it again", c.name)
	}
	err := c.complete(func(file string) bool { return exists(filepath.Join(dir, file)) })
	if err != nil || c.stem == "" {
		return weights{}, err
	}
	return weightsIn(dir, c.name, c.stem)
}

// complete requires a component to have all files of one of its lists.
func (c component) complete(has func(file string) bool) error {
	missing := ""
	for _, list := range c.needs {
		place := slices.IndexFunc(list, func(file string) bool { return !has(file) })
		if place < 0 {
			return nil
		}
		if missing == "" {
			missing = list[place]
		}
	}
	return fmt.Errorf("%s has no %s: copy it again", c.name, missing)
}

// weights are those of a component's files that are loaded.
type weights struct {
	file    string   // with the weights, or the index of several
	variant string   // "" for the plain ones
	sharded bool     // over several files, which an index lists
	spare   []string // other variants beside them
}

// String says what is not plain: "fp16", "in several files", "full, not fp16".
func (w weights) String() string {
	text := w.variant
	if len(w.spare) > 0 {
		if text == "" {
			text = "full"
		}
		text += ", not " + strings.Join(w.spare, " or ")
	}
	if w.sharded {
		text = strings.TrimSpace(text + " in several files")
	}
	return text
}

// weightsIn finds the weights of a component, and requires them to be whole.
func weightsIn(dir, name, stem string) (weights, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return weights{}, err
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	chosen, err := chooseWeights(names, name, stem)
	switch {
	case err != nil:
		return weights{}, err
	case chosen.sharded:
		return chosen, checkShards(dir, name, chosen.file)
	}
	_, err = readHeader(filepath.Join(dir, chosen.file))
	return chosen, err
}

// shardsOf matches the files of weights that are in several.
func shardsOf(stem, variant string) *regexp.Regexp {
	if variant == "" {
		return regexp.MustCompile(`^` + stem + `-\d{5}-of-\d{5}\.safetensors$`)
	}
	variant = regexp.QuoteMeta(variant)
	return regexp.MustCompile(`^` + stem + `(\.` + variant + `-\d{5}-of-\d{5}|-\d{5}-of-\d{5}\.` + variant + `)\.safetensors$`)
}

// chooseWeights chooses among a component's files: the plain weights, or those of
// a variant where there are no others.
func chooseWeights(names []string, name, stem string) (weights, error) {
	single := regexp.MustCompile(`^` + stem + `(?:\.([\w-]+?))?\.safetensors$`)
	several := regexp.MustCompile(`^` + stem + `\.safetensors\.index(?:\.([\w-]+))?\.json$`)
	shard := regexp.MustCompile(`-\d{5}-of-\d{5}`)
	files, indexes := map[string]string{}, map[string]string{} // by variant
	pickles := false
	for _, file := range names {
		if match := single.FindStringSubmatch(file); match != nil && !shard.MatchString(file) {
			files[match[1]] = file
		} else if match := several.FindStringSubmatch(file); match != nil {
			indexes[match[1]] = file
		}
		pickles = pickles || slices.Contains([]string{".bin", ".ckpt", ".pt", ".pth"}, filepath.Ext(file))
	}
	variants := variantsOf(files, indexes)
	switch {
	case len(variants) == 0 && pickles:
		return weights{}, fmt.Errorf("%s has no %s.safetensors file but pickles, which can run code and are not loaded: download its .safetensors file", name, stem)
	case len(variants) == 0:
		return weights{}, fmt.Errorf("%s has no .safetensors file of the name %s.safetensors", name, stem)
	}
	chosen := weights{variant: variants[0], spare: variants[1:]}
	if chosen.file = files[chosen.variant]; chosen.file == "" {
		chosen.file, chosen.sharded = indexes[chosen.variant], true
	}
	return chosen, nil
}

// variantsOf lists variants, those first that are preferred: full precision,
// then half of it, then any other.
func variantsOf(lists ...map[string]string) (variants []string) {
	for _, list := range lists {
		for variant := range list {
			if !slices.Contains(variants, variant) {
				variants = append(variants, variant)
			}
		}
	}
	preferred := []string{"", "fp16", "bf16"}
	slices.SortFunc(variants, func(a, b string) int {
		i, j := slices.Index(preferred, a), slices.Index(preferred, b)
		if i < 0 || j < 0 {
			if i != j {
				return j - i // the one that is not preferred, -1, comes last
			}
			return strings.Compare(a, b)
		}
		return i - j
	})
	return variants
}

// checkShards requires every file that an index lists to be there, and whole.
func checkShards(dir, name, file string) error {
	var list struct {
		Files map[string]string `json:"weight_map"` // by tensor
	}
	if err := readJSON(filepath.Join(dir, file), &list); err != nil {
		return err
	}
	var seen []string
	for _, shard := range list.Files {
		if slices.Contains(seen, shard) {
			continue
		}
		seen = append(seen, shard)
		if shard != filepath.Base(shard) {
			return fmt.Errorf("%s: %s lists a file of another folder, %s", name, file, shard)
		}
		if _, err := readHeader(filepath.Join(dir, shard)); errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s lacks %s, which %s lists: copy it again", name, shard, file)
		} else if err != nil {
			return err
		}
	}
	if len(seen) == 0 {
		return fmt.Errorf("%s: %s lists no files", name, file)
	}
	return nil
}

// readJSON reads a small file of a model.
func readJSON(path string, value any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, value); err != nil {
		return fmt.Errorf("%s is damaged (%w): copy it again", path, err)
	}
	return nil
}
