package dataset

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// tensors is a safetensors file with one tensor of so many bytes.
func tensors(bytes int) string {
	header := fmt.Sprintf(`{"__metadata__":{"format":"pt"},"a":{"dtype":"U8","shape":[%d],"data_offsets":[0,%d]}}`, bytes, bytes)
	size := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return string(size) + header + strings.Repeat("x", bytes)
}

// wholeModel writes a diffusers folder with every component.
func (f folder) wholeModel(dir string) {
	f.Helper()
	f.text(dir+"/model_index.json", `{"_class_name": "StableDiffusionPipeline", "unet": ["diffusers", "U"], "vae": ["diffusers", "V"],
		"text_encoder": ["transformers", "T"], "tokenizer": ["transformers", "T"], "scheduler": ["diffusers", "S"], "safety_checker": [null, null]}`)
	for _, component := range []string{"unet", "vae", "text_encoder"} {
		f.text(dir+"/"+component+"/model.safetensors", tensors(20))
	}
	f.text(dir+"/tokenizer/vocab.json", "{}")
	f.text(dir+"/scheduler/scheduler_config.json", "{}")
}

func TestCheckModel(t *testing.T) {
	for _, test := range []struct {
		name  string
		spoil func(folder)
		want  string // "" for a whole model
	}{
		{"whole", func(folder) {}, ""},
		{"two encoders", func(f folder) {
			f.text("m/model_index.json", `{"unet": ["d", "U"], "vae": ["d", "V"], "text_encoder": ["t", "T"], "text_encoder_2": ["t", "T"],
				"tokenizer": ["t", "T"], "scheduler": ["d", "S"]}`)
		}, "text_encoder_2 is missing"},
		{"no unet", func(f folder) { _ = os.RemoveAll(f.path("m/unet")) }, "unet is missing"},
		{"no weights", func(f folder) {
			_ = os.Rename(f.path("m/vae/model.safetensors"), f.path("m/vae/model.bin"))
		}, "vae has no .safetensors file"},
		{"cut off", func(f folder) { _ = os.Truncate(f.path("m/unet/model.safetensors"), 40) }, "model.safetensors is damaged"},
		{"cut off in the weights", func(f folder) {
			_ = os.Truncate(f.path("m/unet/model.safetensors"), int64(len(tensors(20))-1))
		}, "bytes instead of"},
		{"empty weights", func(f folder) { f.text("m/unet/model.safetensors", "") }, "model.safetensors is damaged (EOF)"},
		{"a link to nothing, as in a cache that was cleared", func(f folder) {
			_ = os.Remove(f.path("m/unet/model.safetensors"))
			_ = os.Symlink(f.path("nowhere"), f.path("m/unet/model.safetensors"))
		}, "no such file"},
		{"index", func(f folder) { f.text("m/model_index.json", "{") }, "model_index.json is damaged"},
		{"index of another kind", func(f folder) { f.text("m/model_index.json", `{"transformer": ["d", "F"]}`) }, "model_index.json lists no unet"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFolder(t)
			f.wholeModel("m")
			test.spoil(f)
			note, err := (&Base{Name: "m", Path: f.path("m")}).Check()
			if test.want == "" {
				if err != nil || note != "folder "+f.path("m") {
					t.Errorf("%q, %v", note, err)
				}
				return
			}
			fails(t, err, "base model "+f.path("m"), test.want)
		})
	}
}

// TestCheckpoint: one file is a base model too; the folder beside it counts.
func TestCheckpoint(t *testing.T) {
	f := newFolder(t)
	f.text("sd.safetensors", tensors(8))
	f.text("sd.ckpt", "pickle")
	alone := findBase(t, "sd.safetensors", f.root)
	if note, err := alone.Check(); err != nil || note != "checkpoint "+f.path("sd.safetensors")+"; configuration: that of the Hugging Face hub or its cache" {
		t.Errorf("%q, %v", note, err)
	}
	f.text("sd/model_index.json", "{}")
	f.text("sd/"+trainingImages, "sha256\n"+someHash+"\n")
	configured := findBase(t, "sd.safetensors", f.root)
	if configured.SHA256 == alone.SHA256 || !configured.Seen[someHash] {
		t.Errorf("the folder beside the file does not count: %+v", configured)
	}
	if note, err := configured.Check(); err != nil || note != "checkpoint "+f.path("sd.safetensors")+"; configuration: "+f.path("sd") {
		t.Errorf("%q, %v", note, err)
	}
	if err := os.Truncate(f.path("sd.safetensors"), 50); err != nil {
		t.Fatal(err)
	}
	_, err := configured.Check()
	fails(t, err, "base model "+f.path("sd.safetensors"), "is damaged")
	_, err = FindBase("sd.ckpt", f.root)
	fails(t, err, "sd.ckpt is a file that is not loaded", "pickles")
	_, err = FindBase("models/sd.safetensors", f.root)
	fails(t, err, "no such folder")
}

// TestHub: a model of the hub is looked up where huggingface_hub keeps it.
func TestHub(t *testing.T) {
	const name = "owner/model"
	for _, variable := range []string{"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"} {
		t.Setenv(variable, "")
	}
	f := newFolder(t)
	t.Setenv("HOME", f.root)
	check := func(wantNote, wantError string) {
		t.Helper()
		note, err := findBase(t, name).Check()
		if wantError != "" {
			fails(t, err, wantError)
		} else if err != nil || !strings.HasPrefix(note, wantNote) {
			t.Errorf("%q, %v; want %q", note, err, wantNote)
		}
	}
	check("not in the cache: will be downloaded", "")
	t.Setenv("HF_HUB_OFFLINE", "1")
	check("", "base model owner/model is not in the Hugging Face cache ("+f.path(".cache/huggingface/hub")+"), and HF_HUB_OFFLINE is set")
	for variable, folder := range map[string]string{
		"HF_HUB_CACHE": "cache", "HF_HOME": "cache/hub", "XDG_CACHE_HOME": "cache/huggingface/hub", "": ".cache/huggingface/hub",
	} {
		if variable != "" {
			t.Setenv(variable, f.path("cache"))
		}
		repo := folder + "/models--owner--model"
		f.text(repo+"/refs/main", "0123abcd")
		check("", "HF_HUB_OFFLINE is set")
		f.wholeModel(repo + "/snapshots/0123abcd")
		check("in the cache, "+f.path(repo), "")
		if err := os.Remove(f.path(repo + "/snapshots/0123abcd/unet/model.safetensors")); err != nil {
			t.Fatal(err)
		}
		check("", "is not whole (unet has no .safetensors file), and HF_HUB_OFFLINE is set")
		t.Setenv("HF_HUB_OFFLINE", "")
		check("only partly in the cache", "")
		t.Setenv("HF_HUB_OFFLINE", "yes")
		if err := os.RemoveAll(filepath.Join(f.root, folder)); err != nil {
			t.Fatal(err)
		}
		if variable != "" {
			t.Setenv(variable, "")
		}
	}
}

func TestTorchCheckpoint(t *testing.T) {
	f := newFolder(t)
	t.Setenv("TORCH_HOME", "")
	t.Setenv("XDG_CACHE_HOME", f.root)
	if path, there := TorchCheckpoint("b0.pth"); there || path != f.path("torch/hub/checkpoints/b0.pth") {
		t.Errorf("%s, %v", path, there)
	}
	t.Setenv("TORCH_HOME", f.path("home"))
	f.text("home/hub/checkpoints/b0.pth", "weights")
	if path, there := TorchCheckpoint("b0.pth"); !there || path != f.path("home/hub/checkpoints/b0.pth") {
		t.Errorf("%s, %v", path, there)
	}
}
