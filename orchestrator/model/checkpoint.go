package model

import (
	"fmt"
	"slices"
	"strings"
)

// Where a checkpoint in the layout of Stable Diffusion's first release keeps its networks.
const (
	unetPrefix = "model.diffusion_model."
	vaePrefix  = "first_stage_model."
)

// architecture is a kind of base model whose configuration is built in, in
// scripts/diffusion/configurations. Its networks' sizes tell it from its relatives: test_configurations.py
// holds that they are those of the configuration.
type architecture struct {
	name          string // for people
	configuration string // the folder of scripts/diffusion/configurations
	width         int64  // of the text features that the UNet attends to
	unet          int64  // parameters
	encoders      map[string]int64
}

// vaeParameters is the size of every Stable Diffusion's autoencoder.
const vaeParameters = 83_653_863

var architectures = []architecture{
	{"Stable Diffusion 1.x", "sd1", 768, 859_520_964, map[string]int64{
		"cond_stage_model.transformer.text_model.embeddings.token_embedding.weight": 768,
	}},
	{"Stable Diffusion 2.x", "sd2", 1024, 865_910_724, map[string]int64{
		"cond_stage_model.model.token_embedding.weight": 1024,
	}},
	{"Stable Diffusion XL", "sdxl", 2048, 2_567_463_684, map[string]int64{
		"conditioner.embedders.0.transformer.text_model.embeddings.token_embedding.weight": 768,
		"conditioner.embedders.1.model.token_embedding.weight":                             1280,
	}},
}

// clipWords is the size of CLIP's vocabulary.
const clipWords = 49_408

// architectureOf tells which built-in configuration a checkpoint is of, by the
// names and shapes of its tensors. The error says what it seems to be instead.
func architectureOf(h *header) (*architecture, error) {
	if err := h.isBaseModel(); err != nil {
		return nil, err
	}
	width, size := h.attention(), h.parameters(unetPrefix)
	place := slices.IndexFunc(architectures, func(a architecture) bool { return a.width == width })
	if place < 0 {
		if width == 1280 && h.any("conditioner.") {
			return nil, h.no("the refiner of Stable Diffusion XL, which only finishes images of the base model: give the base model")
		}
		return nil, h.no(fmt.Sprintf("a model whose UNet attends to %d text features, and Stable Diffusion's do to 768 (1.x), 1024 (2.x) or 2048 (XL): %s", width, h.beside()))
	}
	a := &architectures[place]
	switch {
	case size != a.unet:
		return nil, h.no(fmt.Sprintf("a relative of %s: its UNet has %d parameters and not %d: %s", a.name, size, a.unet, h.beside()))
	case h.parameters(vaePrefix+"encoder.", vaePrefix+"decoder.", vaePrefix+"quant_conv.", vaePrefix+"post_quant_conv.") != vaeParameters:
		return nil, h.no(fmt.Sprintf("%s without the whole of its autoencoder (%s…): use the full checkpoint", a.name, vaePrefix))
	}
	for name, width := range a.encoders {
		if shape := h.tensors[name].Shape; !slices.Equal(shape, []int64{clipWords, width}) {
			return nil, h.no(fmt.Sprintf("%s without its text encoder (%s should be %d×%d): use the full checkpoint", a.name, name, clipWords, width))
		}
	}
	return a, nil
}

// isBaseModel requires a checkpoint to hold a text-to-image UNet that is loaded
// here, whatever its sizes are.
func (h *header) isBaseModel() error {
	if what := stranger(h); what != "" {
		return h.no(what)
	}
	first, ok := h.tensors[unetPrefix+"input_blocks.0.0.weight"]
	if !ok || len(first.Shape) != 4 {
		return h.no("a UNet without its first layer: download it again")
	}
	if what := map[int64]string{
		5: "a model that starts from a depth map (5 channels)",
		7: "an upscaler (7 channels)",
		8: "a model that edits by instructions, such as InstructPix2Pix (8 channels)",
		9: "an inpainting model (9 channels)",
	}[first.Shape[1]]; what != "" {
		return h.no(what + ": give the text-to-image model")
	}
	if !slices.Contains([]string{"F32", "F16", "BF16"}, first.Type) {
		return h.no(fmt.Sprintf("a model with weights of type %s: give one with weights of fp32, fp16 or bf16", first.Type))
	}
	return nil
}

// no words that a checkpoint is not loaded, and what it seems to be.
func (h *header) no(what string) error { return fmt.Errorf("%s seems to be %s", h.path, what) }

// beside says where a checkpoint's own configuration may be.
func (h *header) beside() string {
	return fmt.Sprintf("no configuration is built in; put the model's diffusers folder, which needs no weights, at %s", strings.TrimSuffix(h.path, checkpointSuffix))
}

// attention is the number of features that the UNet's attention to the text
// takes; 0 if it has none.
func (h *header) attention() int64 {
	for name, t := range h.tensors {
		if strings.HasPrefix(name, unetPrefix) && strings.HasSuffix(name, ".attn2.to_k.weight") && len(t.Shape) == 2 {
			return t.Shape[1]
		}
	}
	return 0
}

// parameters counts the numbers of the tensors below prefixes.
func (h *header) parameters(prefixes ...string) (count int64) {
	for name, t := range h.tensors {
		if below(name, prefixes) {
			count += t.size()
		}
	}
	return count
}

// holds reports whether there are tensors below one of the prefixes.
func (h *header) holds(prefixes ...string) bool {
	for name := range h.tensors {
		if below(name, prefixes) {
			return true
		}
	}
	return false
}

func below(name string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}

// any reports whether a tensor's name holds one of the parts.
func (h *header) any(parts ...string) bool {
	for name := range h.tensors {
		if slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(name, part) }) {
			return true
		}
	}
	return false
}
