package model

import (
	"os"
	"testing"
)

// wholeEncoder writes a folder as transformers saves a vision transformer.
func (f files) wholeEncoder(dir string) {
	f.Helper()
	f.text(dir+"/config.json", `{"model_type": "dinov2"}`)
	f.text(dir+"/preprocessor_config.json", "{}")
	f.text(dir+"/model.safetensors", tensors(20))
}

func findEncoder(t *testing.T, name, path string) *Encoder {
	t.Helper()
	encoder, err := FindEncoder(nil, name, path)
	if err != nil {
		t.Fatal(err)
	}
	return encoder
}

func TestEncoderFolder(t *testing.T) {
	f := newFiles(t)
	f.wholeEncoder("dino")
	encoder := findEncoder(t, "dino", f.path("dino"))
	if note, err := encoder.Check(); err != nil || note != "folder "+f.path("dino") {
		t.Errorf("%q, %v", note, err)
	}
	f.text("dino/preprocessor_config.json", `{"do_resize": false}`)
	if other := findEncoder(t, "dino", f.path("dino")); other.SHA256 == encoder.SHA256 || len(other.SHA256) != 64 {
		t.Error("another preprocessing is the same model")
	}
	if err := os.Truncate(f.path("dino/model.safetensors"), 40); err != nil {
		t.Fatal(err)
	}
	_, err := encoder.Check()
	fails(t, err, "features model "+f.path("dino"), "model.safetensors is damaged")
	if err := os.Rename(f.path("dino/model.safetensors"), f.path("dino/pytorch_model.bin")); err != nil {
		t.Fatal(err)
	}
	_, err = encoder.Check()
	fails(t, err, "features model "+f.path("dino"), "it has no model.safetensors file but pickles")
	f.text("photos/0.png", "")
	_, err = FindEncoder(nil, "photos", f.path("photos"))
	fails(t, err, "photos is no model of transformers: it has no config.json")
	_, err = FindEncoder(nil, "./nowhere", f.path("nowhere"))
	fails(t, err, `features model "./nowhere": no such folder (looked for `+f.path("nowhere"))
}

func TestEncoderOfTheHub(t *testing.T) {
	const name = "owner/model"
	f := newFiles(t)
	t.Setenv("HF_HUB_CACHE", f.path("cache"))
	t.Setenv("TRANSFORMERS_OFFLINE", "")
	t.Setenv("HF_HUB_OFFLINE", "1")
	_, err := findEncoder(t, name, f.path(name)).Check()
	fails(t, err, "features model owner/model is not in the Hugging Face cache ("+f.path("cache")+"), and HF_HUB_OFFLINE is set")
	f.text("cache/models--owner--model/refs/main", "0123abcd")
	f.wholeEncoder("cache/models--owner--model/snapshots/0123abcd")
	encoder := findEncoder(t, name, f.path(name))
	if note, err := encoder.Check(); err != nil || note != "in the cache, "+f.path("cache/models--owner--model/snapshots/0123abcd") || encoder.SHA256 != "" {
		t.Errorf("%q, %v", note, err)
	}
	f.wholeEncoder(name)
	if encoder := findEncoder(t, name, f.path(name)); encoder.Path != f.path(name) {
		t.Error("a folder does not come before the hub")
	}
}
