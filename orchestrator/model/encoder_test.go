package model

import (
	"os"
	"testing"

	"kizu/orchestrator/filehash/filetest"
)

// wholeEncoder writes a folder as transformers saves a vision transformer.
func (f files) wholeEncoder(dir string) {
	f.Helper()
	f.Text(dir+"/config.json", `{"model_type": "dinov2"}`)
	f.Text(dir+"/preprocessor_config.json", "{}")
	f.Text(dir+"/model.safetensors", tensors(20))
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
	encoder := findEncoder(t, "dino", f.Path("dino"))
	if note, err := encoder.Check(); err != nil || note != "folder "+f.Path("dino") {
		t.Errorf("%q, %v", note, err)
	}
	f.Text("dino/preprocessor_config.json", `{"do_resize": false}`)
	if other := findEncoder(t, "dino", f.Path("dino")); other.SHA256 == encoder.SHA256 || len(other.SHA256) != 64 {
		t.Error("another preprocessing is the same model")
	}
	if err := os.Truncate(f.Path("dino/model.safetensors"), 40); err != nil {
		t.Fatal(err)
	}
	_, err := encoder.Check()
	filetest.Fails(t, err, "vision transformer "+f.Path("dino"), "model.safetensors is damaged")
	if err := os.Rename(f.Path("dino/model.safetensors"), f.Path("dino/pytorch_model.bin")); err != nil {
		t.Fatal(err)
	}
	_, err = encoder.Check()
	filetest.Fails(t, err, "vision transformer "+f.Path("dino"), "it has no model.safetensors file but pickles")
	f.Text("photos/0.png", "")
	_, err = FindEncoder(nil, "photos", f.Path("photos"))
	filetest.Fails(t, err, "photos is no model of transformers: it has no config.json")
	_, err = FindEncoder(nil, "./nowhere", f.Path("nowhere"))
	filetest.Fails(t, err, `vision transformer "./nowhere": no such folder (looked for `+f.Path("nowhere"))
}

func TestEncoderOfTheHub(t *testing.T) {
	const name = "owner/model"
	f := newFiles(t)
	t.Setenv("HF_HUB_CACHE", f.Path("cache"))
	t.Setenv("TRANSFORMERS_OFFLINE", "")
	t.Setenv("HF_HUB_OFFLINE", "1")
	_, err := findEncoder(t, name, f.Path(name)).Check()
	filetest.Fails(t, err, "vision transformer owner/model is not in the Hugging Face cache ("+f.Path("cache")+"), and HF_HUB_OFFLINE is set")
	f.Text("cache/models--owner--model/refs/main", "0123abcd")
	f.wholeEncoder("cache/models--owner--model/snapshots/0123abcd")
	encoder := findEncoder(t, name, f.Path(name))
	if note, err := encoder.Check(); err != nil || note != "in the cache, "+f.Path("cache/models--owner--model/snapshots/0123abcd") || encoder.SHA256 != "" {
		t.Errorf("%q, %v", note, err)
	}
	f.wholeEncoder(name)
	if encoder := findEncoder(t, name, f.Path(name)); encoder.Path != f.Path(name) {
		t.Error("a folder does not come before the hub")
	}
}
