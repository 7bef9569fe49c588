package dataset

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Check says where the base model is, or why a run could not load it. It reads
// headers only.
func (b *Base) Check() (note string, err error) {
	info, err := os.Stat(b.Path)
	switch {
	case b.Path == "":
		return checkHub("base model", b.Name, b.Cached, checkModel)
	case err != nil:
		return "", fmt.Errorf("base model: %w", err)
	case info.IsDir():
		if err := checkModel(b.Path); err != nil {
			return "", fmt.Errorf("base model %s: %w", b.Path, err)
		}
		return "folder " + b.Path, nil
	}
	if err := checkSafetensors(b.Path); err != nil {
		return "", fmt.Errorf("base model %w", err)
	}
	config := strings.TrimSuffix(b.Path, checkpointSuffix)
	if !exists(filepath.Join(config, modelIndex)) {
		config = "that of the Hugging Face hub or its cache"
	}
	return fmt.Sprintf("checkpoint %s; configuration: %s", b.Path, config), nil
}

// checkModel requires a diffusers folder to have every component that its index
// lists, and weights that can be opened where a component has weights.
func checkModel(dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, modelIndex))
	if err != nil {
		return err
	}
	index := map[string]json.RawMessage{}
	if err := json.Unmarshal(text, &index); err != nil {
		return fmt.Errorf("%s is damaged: %w", modelIndex, err)
	}
	for _, component := range []string{"unet", "vae", "text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2", "scheduler"} {
		var class [2]*string // library and class; null where the pipeline has none
		listed := json.Unmarshal(index[component], &class) == nil && class[1] != nil
		if !listed {
			if component == "text_encoder_2" || component == "tokenizer_2" { // SDXL only
				continue
			}
			return fmt.Errorf("%s lists no %s", modelIndex, component)
		}
		if err := checkComponent(filepath.Join(dir, component), component); err != nil {
			return err
		}
	}
	return nil
}

// checkComponent requires a folder, with weights that can be opened unless the
// component is a tokenizer or a scheduler.
func checkComponent(dir, component string) error {
	if !exists(dir) {
		return fmt.Errorf("%s is missing", component)
	}
	if component == "scheduler" || component == "tokenizer" || component == "tokenizer_2" {
		return nil
	}
	return checkWeights(dir, component)
}

// checkWeights requires a folder to have weights that can be opened.
func checkWeights(dir, name string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*"+checkpointSuffix))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("%s has no .safetensors file", name)
	}
	for _, file := range files {
		if err := checkSafetensors(file); err != nil {
			return err
		}
	}
	return nil
}

// checkSafetensors requires a file to be as long as its header says
// (github.com/huggingface/safetensors, "Format"): a download that broke off is
// found without reading the weights.
func checkSafetensors(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	damaged := func(err error) error { return fmt.Errorf("%s is damaged (%w): download it again", path, err) }
	var size uint64
	if err := binary.Read(file, binary.LittleEndian, &size); err != nil {
		return damaged(err)
	}
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if size > uint64(info.Size()) {
		return damaged(errors.New("its header is cut off"))
	}
	tensors := map[string]struct {
		Offsets [2]int64 `json:"data_offsets"`
	}{}
	if err := json.NewDecoder(io.LimitReader(file, int64(size))).Decode(&tensors); err != nil {
		return damaged(err)
	}
	end := int64(0)
	for name, tensor := range tensors {
		if name != "__metadata__" {
			end = max(end, tensor.Offsets[1])
		}
	}
	if want := 8 + int64(size) + end; want != info.Size() {
		return damaged(fmt.Errorf("%d bytes instead of %d", info.Size(), want))
	}
	return nil
}
