package model

import (
	"slices"
	"strings"
	"testing"

	"kizu/orchestrator/filehash/filetest"
)

// TestWanted: of a model of the hub, what would be used is downloaded and nothing
// else.
func TestWanted(t *testing.T) {
	const small = "model_index.json unet/config.json vae/config.json text_encoder/config.json tokenizer/tokenizer_config.json tokenizer/vocab.json tokenizer/merges.txt scheduler/scheduler_config.json"
	const weights = " unet/diffusion_pytorch_model.safetensors vae/diffusion_pytorch_model.safetensors text_encoder/model.safetensors"
	listing := func(names string) Listing {
		l := Listing{}
		for _, name := range strings.Fields(names) {
			l[name] = 10
		}
		return l
	}
	for _, test := range []struct{ name, more, less, want, problem string }{
		{"plain", "", "", small + weights, ""},
		{"much beside", " README.md v1-5-pruned.safetensors safety_checker/model.safetensors unet/diffusion_pytorch_model.bin unet/diffusion_pytorch_model.fp16.safetensors unet/diffusion_pytorch_model.non_ema.safetensors text_encoder/flax_model.msgpack", "", small + weights, ""},
		{"images that it was trained on", " training_images.csv", "", small + weights + " training_images.csv", ""},
		{"a variant only", " vae/diffusion_pytorch_model.fp16.safetensors", " vae/diffusion_pytorch_model.safetensors",
			small + " unet/diffusion_pytorch_model.safetensors vae/diffusion_pytorch_model.fp16.safetensors text_encoder/model.safetensors", ""},
		{"several files",
			" unet/diffusion_pytorch_model.safetensors.index.json unet/diffusion_pytorch_model-00001-of-00002.safetensors unet/diffusion_pytorch_model-00002-of-00002.safetensors" +
				" unet/diffusion_pytorch_model.safetensors.index.fp16.json unet/diffusion_pytorch_model.fp16-00001-of-00001.safetensors",
			" unet/diffusion_pytorch_model.safetensors",
			small + " unet/diffusion_pytorch_model.safetensors.index.json unet/diffusion_pytorch_model-00001-of-00002.safetensors unet/diffusion_pytorch_model-00002-of-00002.safetensors" +
				" vae/diffusion_pytorch_model.safetensors text_encoder/model.safetensors", ""},
		{"pickles", " unet/diffusion_pytorch_model.bin", " unet/diffusion_pytorch_model.safetensors", "", "unet has no diffusion_pytorch_model.safetensors file but pickles"},
		{"no vocabulary", "", " tokenizer/merges.txt", "", "tokenizer has no merges.txt"},
		{"a transformer", "", " " + small, "", "it is no diffusers model: it has no model_index.json"},
	} {
		t.Run(test.name, func(t *testing.T) {
			have := listing(small + weights + test.more)
			for name := range listing(test.less) {
				delete(have, name)
			}
			files, err := (&Base{Name: "owner/model"}).Wanted(have)
			if test.problem != "" {
				filetest.Fails(t, err, test.problem)
				return
			}
			want := strings.Fields(test.want)
			slices.Sort(files)
			slices.Sort(want)
			if err != nil || !slices.Equal(files, want) || have.Size(files) != int64(10*len(want)) {
				t.Errorf("%v, %v; want %v", files, err, want)
			}
		})
	}
	files, err := (&Encoder{Name: "owner/model"}).Wanted(listing("config.json preprocessor_config.json model.safetensors pytorch_model.bin README.md onnx/model.safetensors"))
	if err != nil || !slices.Equal(files, []string{"config.json", "preprocessor_config.json", "model.safetensors"}) {
		t.Errorf("%v, %v", files, err)
	}
}
