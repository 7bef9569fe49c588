package model

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

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
