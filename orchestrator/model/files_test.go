package model

import (
	"encoding/binary"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kizu/orchestrator/filehash/filetest"
)

// tensors is a safetensors file with one tensor of so many bytes.
func tensors(bytes int) string {
	header := fmt.Sprintf(`{"__metadata__":{"format":"pt"},"a":{"dtype":"U8","shape":[%d],"data_offsets":[0,%d]}}`, bytes, bytes)
	size := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return string(size) + header + strings.Repeat("x", bytes)
}

// wholeModel writes a diffusers folder with every component.
func (f files) wholeModel(dir string) {
	f.Helper()
	f.Text(dir+"/model_index.json", `{"_class_name": "StableDiffusionPipeline", "unet": ["diffusers", "U"], "vae": ["diffusers", "V"],
		"text_encoder": ["transformers", "T"], "tokenizer": ["transformers", "T"], "scheduler": ["diffusers", "S"], "safety_checker": [null, null]}`)
	for component, stem := range map[string]string{"unet": diffusersStem, "vae": diffusersStem, "text_encoder": transformersStem} {
		f.Text(dir+"/"+component+"/"+stem+".safetensors", tensors(20))
		f.Text(dir+"/"+component+"/config.json", `{"in_channels": 4, "latent_channels": 4}`)
	}
	for _, file := range []string{"tokenizer_config.json", "vocab.json", "merges.txt"} {
		f.Text(dir+"/tokenizer/"+file, "{}")
	}
	f.Text(dir+"/scheduler/scheduler_config.json", "{}")
}

// rename renames a file of the folder.
func (f files) rename(from, to string) {
	f.Helper()
	if err := os.Rename(f.Path(from), f.Path(to)); err != nil {
		f.Fatal(err)
	}
}

func TestCheckModel(t *testing.T) {
	for _, test := range []struct {
		name  string
		spoil func(files)
		want  string
	}{
		{"two encoders", func(f files) {
			f.Text("m/model_index.json", `{"_class_name": "StableDiffusionXLPipeline", "unet": ["d", "U"], "vae": ["d", "V"],
				"text_encoder": ["t", "T"], "text_encoder_2": ["t", "T"], "tokenizer": ["t", "T"], "scheduler": ["d", "S"]}`)
		}, "text_encoder_2 is missing"},
		{"T5 that is listed", func(f files) {
			f.rename("m/unet", "m/transformer")
			f.rename("m/text_encoder", "m/text_encoder_2")
			_ = os.CopyFS(f.Path("m/text_encoder"), os.DirFS(f.Path("m/text_encoder_2")))
			_ = os.CopyFS(f.Path("m/tokenizer_2"), os.DirFS(f.Path("m/tokenizer")))
			f.Text("m/model_index.json", `{"_class_name": "StableDiffusion3Pipeline", "transformer": ["d", "T"], "vae": ["d", "V"],
				"text_encoder": ["t", "T"], "text_encoder_2": ["t", "T"], "text_encoder_3": ["t", "T5"], "tokenizer_3": [null, null],
				"tokenizer": ["t", "T"], "tokenizer_2": ["t", "T"], "scheduler": ["d", "S"]}`)
		}, "text_encoder_3 is missing, which model_index.json lists: copy it, or write [null, null] for it there"},
		{"no unet", func(f files) { _ = os.RemoveAll(f.Path("m/unet")) }, "unet is missing"},
		{"no weights", func(f files) { _ = os.Remove(f.Path("m/unet/diffusion_pytorch_model.safetensors")) }, "unet has no .safetensors file"},
		{"weights of a name that is not looked for", func(f files) {
			f.rename("m/unet/diffusion_pytorch_model.safetensors", "m/unet/model.safetensors")
		}, "unet has no .safetensors file of the name diffusion_pytorch_model.safetensors"},
		{"pickles", func(f files) {
			f.rename("m/vae/diffusion_pytorch_model.safetensors", "m/vae/diffusion_pytorch_model.bin")
		}, "vae has no diffusion_pytorch_model.safetensors file but pickles"},
		{"cut off", func(f files) { _ = os.Truncate(f.Path("m/unet/diffusion_pytorch_model.safetensors"), 40) }, "diffusion_pytorch_model.safetensors is damaged"},
		{"cut off in the weights", func(f files) {
			_ = os.Truncate(f.Path("m/text_encoder/model.safetensors"), int64(len(tensors(20))-1))
		}, "bytes instead of"},
		{"empty weights", func(f files) { f.Text("m/text_encoder/model.safetensors", "") }, "model.safetensors is damaged (EOF)"},
		{"a link to nothing, as in a cache that was cleared", func(f files) {
			_ = os.Remove(f.Path("m/text_encoder/model.safetensors"))
			_ = os.Symlink(f.Path("nowhere"), f.Path("m/text_encoder/model.safetensors"))
		}, "no such file"},
		{"a vocabulary that is a link to nothing", func(f files) {
			_ = os.Remove(f.Path("m/tokenizer/merges.txt"))
			_ = os.Symlink(f.Path("nowhere"), f.Path("m/tokenizer/merges.txt"))
		}, "tokenizer has no merges.txt"},
		{"no vocabulary", func(f files) { _ = os.Remove(f.Path("m/tokenizer/vocab.json")) }, "tokenizer has no vocab.json"},
		{"no tokenizer's length", func(f files) { _ = os.Remove(f.Path("m/tokenizer/tokenizer_config.json")) }, "tokenizer has no tokenizer_config.json"},
		{"no configuration", func(f files) { _ = os.Remove(f.Path("m/vae/config.json")) }, "vae has no config.json"},
		{"a damaged configuration", func(f files) { f.Text("m/vae/config.json", "[") }, "config.json is damaged"},
		{"no scheduler", func(f files) { _ = os.Remove(f.Path("m/scheduler/scheduler_config.json")) }, "scheduler has no scheduler_config.json"},
		{"a scheduler of flow matching", func(f files) {
			f.Text("m/scheduler/scheduler_config.json", `{"_class_name": "FlowMatchEulerDiscreteScheduler"}`)
		}, `scheduler_config.json is of a "FlowMatchEulerDiscreteScheduler", by which models of its kind do not learn`},
		{"a shard is missing", func(f files) {
			f.rename("m/unet/diffusion_pytorch_model.safetensors", "m/unet/diffusion_pytorch_model-00001-of-00002.safetensors")
			f.Text("m/unet/diffusion_pytorch_model.safetensors.index.json", `{"weight_map":
				{"a": "diffusion_pytorch_model-00001-of-00002.safetensors", "b": "diffusion_pytorch_model-00002-of-00002.safetensors"}}`)
		}, "unet lacks diffusion_pytorch_model-00002-of-00002.safetensors, which diffusion_pytorch_model.safetensors.index.json lists: copy it again"},
		{"a shard elsewhere", func(f files) {
			f.rename("m/unet/diffusion_pytorch_model.safetensors", "m/unet/diffusion_pytorch_model-00001-of-00001.safetensors")
			f.Text("m/unet/diffusion_pytorch_model.safetensors.index.json", `{"weight_map": {"a": "../../x.safetensors"}}`)
		}, "lists a file of another folder"},
		{"depth", func(f files) { f.Text("m/unet/config.json", `{"in_channels": 5}`) }, "its denoiser takes 5 channels and its latents have 4"},
		{"index", func(f files) { f.Text("m/model_index.json", "{") }, "model_index.json is damaged"},
		{"index of another kind", func(f files) { f.Text("m/model_index.json", `{"_class_name": "FluxPipeline"}`) }, "it is a FluxPipeline; supported are "},
		{"index without a unet", func(f files) { f.Text("m/model_index.json", `{"_class_name": "StableDiffusionPipeline"}`) }, "model_index.json lists no unet"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFiles(t)
			f.wholeModel("m")
			test.spoil(f)
			_, err := (&Base{Name: "m", Path: f.Path("m")}).Check()
			filetest.Fails(t, err, "base model "+f.Path("m"), test.want)
		})
	}
}

// TestVariants: of weights in several forms the plain ones are used, and a worker
// is told which where there are no plain ones.
func TestVariants(t *testing.T) {
	const unet, vae, text = "m/unet/diffusion_pytorch_model", "m/vae/diffusion_pytorch_model", "m/text_encoder/model"
	for _, test := range []struct {
		name   string
		change func(files)
		note   string
		want   map[string]string
	}{
		{"plain", func(files) {}, "", nil},
		{"fp16 only", func(f files) {
			for _, stem := range []string{unet, vae, text} {
				f.rename(stem+".safetensors", stem+".fp16.safetensors")
			}
		}, "; weights: unet fp16, vae fp16, text_encoder fp16", map[string]string{"unet": "fp16", "vae": "fp16", "text_encoder": "fp16"}},
		{"the autoencoder alone in fp16", func(f files) { f.rename(vae+".safetensors", vae+".fp16.safetensors") },
			"; weights: vae fp16", map[string]string{"vae": "fp16"}},
		{"both", func(f files) {
			f.Text(unet+".fp16.safetensors", tensors(10))
			f.Text(unet+".non_ema.safetensors", tensors(20))
		}, "; weights: unet full, not fp16 or non_ema", nil},
		{"two variants", func(f files) {
			f.rename(unet+".safetensors", unet+".non_ema.safetensors")
			f.Text(unet+".bf16.safetensors", tensors(10))
		}, "; weights: unet bf16, not non_ema", map[string]string{"unet": "bf16"}},
		{"several files", func(f files) {
			f.rename(unet+".safetensors", unet+"-00001-of-00001.safetensors")
			f.Text(unet+".safetensors.index.json", `{"weight_map": {"a": "diffusion_pytorch_model-00001-of-00001.safetensors"}}`)
		}, "; weights: unet in several files", nil},
		{"several files of a variant", func(f files) {
			f.rename(unet+".safetensors", unet+".fp16-00001-of-00001.safetensors")
			f.Text(unet+".safetensors.index.fp16.json", `{"weight_map": {"a": "diffusion_pytorch_model.fp16-00001-of-00001.safetensors"}}`)
		}, "; weights: unet fp16 in several files", map[string]string{"unet": "fp16"}},
		{"one file of a tokenizer", func(f files) {
			_ = os.Remove(f.Path("m/tokenizer/vocab.json"))
			f.Text("m/tokenizer/tokenizer.json", "{}")
		}, "", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFiles(t)
			f.wholeModel("m")
			test.change(f)
			base := &Base{Name: "m", Path: f.Path("m")}
			files, note, err := base.Files()
			if err != nil || note != "folder "+f.Path("m")+test.note || !maps.Equal(files.Variants, test.want) || files.Configuration != "" {
				t.Errorf("%+v, %q, %v", files, note, err)
			}
		})
	}
}

// TestHub: a model of the hub is looked up where huggingface_hub keeps it.
func TestHub(t *testing.T) {
	const name = "owner/model"
	for _, variable := range []string{"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"} {
		t.Setenv(variable, "")
	}
	f := newFiles(t)
	t.Setenv("HOME", f.Root)
	check := func(wantNote, wantError string) {
		t.Helper()
		note, err := findBase(t, name).Check()
		if wantError != "" {
			filetest.Fails(t, err, wantError)
		} else if err != nil || !strings.HasPrefix(note, wantNote) {
			t.Errorf("%q, %v; want %q", note, err, wantNote)
		}
	}
	check("not in the cache: will be downloaded", "")
	t.Setenv("HF_HUB_OFFLINE", "1")
	check("", "base model owner/model is not in the Hugging Face cache ("+f.Path(".cache/huggingface/hub")+"), and HF_HUB_OFFLINE is set")
	for variable, folder := range map[string]string{
		"HF_HUB_CACHE": "cache", "HF_HOME": "cache/hub", "XDG_CACHE_HOME": "cache/huggingface/hub", "": ".cache/huggingface/hub",
	} {
		if variable != "" {
			t.Setenv(variable, f.Path("cache"))
		}
		repo := folder + "/models--owner--model"
		f.Text(repo+"/refs/main", "0123abcd\n") // as an editor or echo ends it
		check("", "HF_HUB_OFFLINE is set")
		f.wholeModel(repo + "/snapshots/0123abcd")
		check("in the cache, "+f.Path(repo), "")
		if place := findBase(t, name).Place(); place != f.Path(repo+"/snapshots/0123abcd") {
			t.Errorf("a worker is told to load %s", place)
		}
		if err := os.Remove(f.Path(repo + "/snapshots/0123abcd/unet/diffusion_pytorch_model.safetensors")); err != nil {
			t.Fatal(err)
		}
		check("", "is not whole (unet has no .safetensors file of the name diffusion_pytorch_model.safetensors), and HF_HUB_OFFLINE is set")
		t.Setenv("HF_HUB_OFFLINE", "")
		check("only partly in the cache", "")
		t.Setenv("HF_HUB_OFFLINE", "yes")
		if err := os.RemoveAll(filepath.Join(f.Root, folder)); err != nil {
			t.Fatal(err)
		}
		if variable != "" {
			t.Setenv(variable, "")
		}
	}
}

func TestTorchCheckpoint(t *testing.T) {
	f := newFiles(t)
	t.Setenv("TORCH_HOME", "")
	t.Setenv("XDG_CACHE_HOME", f.Root)
	if path, there := TorchCheckpoint("b0.pth"); there || path != f.Path("torch/hub/checkpoints/b0.pth") {
		t.Errorf("%s, %v", path, there)
	}
	t.Setenv("TORCH_HOME", f.Path("home"))
	f.Text("home/hub/checkpoints/b0.pth", "weights")
	if path, there := TorchCheckpoint("b0.pth"); !there || path != f.Path("home/hub/checkpoints/b0.pth") {
		t.Errorf("%s, %v", path, there)
	}
}

// TestInpaintingModels: a UNet that takes a mask and a masked picture's latents besides is
// known, whatever the autoencoder's channels.
func TestInpaintingModels(t *testing.T) {
	for _, test := range []struct {
		taken, latent int
		inpaints      bool
	}{{4, 4, false}, {9, 4, true}, {8, 8, false}, {17, 8, true}} {
		f := newFiles(t)
		f.wholeModel("m")
		f.Text("m/unet/config.json", fmt.Sprintf(`{"in_channels": %d}`, test.taken))
		f.Text("m/vae/config.json", fmt.Sprintf(`{"latent_channels": %d}`, test.latent))
		base := findBase(t, "m", f.Root)
		if base.Inpaints != test.inpaints {
			t.Errorf("%+v: %v", test, base.Inpaints)
		}
		if _, err := base.Check(); err != nil {
			t.Error(err)
		}
	}
}
