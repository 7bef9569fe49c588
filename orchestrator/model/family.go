package model

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// family is what a folder of base models that are loaded alike looks like. How
// they are loaded is in scripts/diffusion/families, a file for each.
type family struct {
	Pipelines  []string `json:"pipelines"`  // classes that a model_index.json may name
	Components []string `json:"components"` // folders that it must list
}

//go:embed families.json
var familiesFile []byte

// families are those that are loaded, by their names.
var families = func() (table map[string]family) {
	if err := json.Unmarshal(familiesFile, &table); err != nil {
		panic(err) // a mistake in the program, which no test would let pass
	}
	return table
}()

// familyOf finds the family of a pipeline's class.
func familyOf(class string) (family, error) {
	var supported []string
	for _, name := range slices.Sorted(maps.Keys(families)) {
		if slices.Contains(families[name].Pipelines, class) {
			return families[name], nil
		}
		supported = append(supported, families[name].Pipelines...)
	}
	return family{}, fmt.Errorf("it is a %s; supported are %s", class, strings.Join(supported, ", "))
}

// inAll reports whether every family has a component.
func inAll(component string) bool {
	for _, f := range families {
		if !slices.Contains(f.Components, component) {
			return false
		}
	}
	return true
}

// WidthOf adds up how many numbers a LoRA of rank 1 has on the UNet's layers whose names
// end so: what goes into a layer and what comes out of it. It is 0 where that cannot be
// seen: of a model that is not there yet, and of a single file, which names its layers
// otherwise. It reads headers only.
func (b *Base) WidthOf(layers []string) (width int64) {
	dir := filepath.Join(b.Place(), "unet")
	files, _ := fs.Glob(os.DirFS(dir), "*"+checkpointSuffix) // the pattern is sound
	seen := map[string]bool{}                                // variants have the same layers
	for _, file := range files {
		h, err := readHeader(filepath.Join(dir, file))
		if err != nil {
			return 0 // which Check says
		}
		for name, t := range h.tensors {
			layer, ok := strings.CutSuffix(name, ".weight")
			meant := func(end string) bool { return strings.HasSuffix(layer, "."+end) }
			if ok && !seen[name] && len(t.Shape) > 1 && slices.ContainsFunc(layers, meant) {
				seen[name] = true
				width += t.Shape[0] + t.size()/t.Shape[0]
			}
		}
	}
	return width
}

// marks are parts of tensor names by which a .safetensors file that is no base
// model of Stable Diffusion is known. The first that is found counts.
var marks = []struct {
	parts []string
	what  string
}{
	{
		[]string{"lora_down", "lora_up", ".lora_A.", ".lora_B.", "lora.down", "lora.up", "lora_linear_layer", "hada_w1_", "lokr_w1", "dora_scale"},
		"a LoRA, which changes a base model and is none: give the base model that it was trained on",
	},
	{[]string{"control_model.", "controlnet_", "input_hint_block.", "control_lora"}, "a ControlNet: give a base model"},
	{[]string{"motion_modules."}, "a motion module of AnimateDiff: give a base model"},
	{[]string{"joint_blocks."}, "Stable Diffusion 3, which is not supported: give a model of Stable Diffusion 1.x, 2.x or XL"},
	{[]string{"double_blocks.", "single_transformer_blocks."}, "FLUX or a relative of it, which is not supported: give a model of Stable Diffusion 1.x, 2.x or XL"},
	{[]string{"edm_mean", "edm_vpred"}, "a model with EDM's noise schedule, such as Playground 2.5, which is not supported: give a model of Stable Diffusion 1.x, 2.x or XL"},
	{[]string{"noise_augmentor.", "embedder.model.visual."}, "Stable unCLIP, which starts from image features: give a text-to-image model"},
	{[]string{"ztsnr"}, "a model trained to a signal-to-noise ratio of zero, which is not supported: give one that is not"},
	{[]string{"emb_params", "string_to_param"}, "an embedding (textual inversion): give a base model"},
}

// stranger says what a file seems to be that holds no UNet of Stable Diffusion
// in the layout of its first release, or one that is not loaded; "" for one that
// may be.
func stranger(h *header) string {
	for _, mark := range marks {
		if h.any(mark.parts...) {
			return mark.what
		}
	}
	switch {
	case h.holds(unetPrefix):
		return ""
	case h.holds("down_blocks.", "up_blocks.", "mid_block."):
		return "the UNet of a diffusers folder: give the folder that unet/ is in"
	case h.holds(vaePrefix, "encoder.", "decoder."):
		return "an autoencoder (VAE) alone: give the whole checkpoint"
	case h.holds("text_model.", "cond_stage_model.", "conditioner.", "transformer.text_model."):
		return "a text encoder alone: give the whole checkpoint"
	}
	names := slices.Sorted(maps.Keys(h.tensors))
	return fmt.Sprintf("no base model that is known here (its tensors: %s, …): give a checkpoint of Stable Diffusion 1.x, 2.x or XL", strings.Join(names[:min(3, len(names))], ", "))
}
