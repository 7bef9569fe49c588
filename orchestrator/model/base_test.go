package model

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kizu/orchestrator/filehash/filetest"
)

var (
	someHash  = strings.Repeat("0a", 32)
	otherHash = strings.Repeat("1b", 32)
)

// files writes models below a new folder.
type files struct{ filetest.Folder }

func newFiles(t *testing.T) files { return files{filetest.New(t)} }

// newBase writes what matters of a diffusers folder below models/tiny.
func newBase(t *testing.T) files {
	f := newFiles(t)
	f.Text("models/tiny/model_index.json", `{"_class_name": "StableDiffusionPipeline"}`)
	f.Text("models/tiny/unet/config.json", `{}`)
	f.Text("models/tiny/unet/diffusion_pytorch_model.safetensors", "weights")
	return f
}

func findBase(t *testing.T, name string, dirs ...string) *Base {
	t.Helper()
	base, err := FindBase(nil, name, dirs...)
	if err != nil {
		t.Fatal(err)
	}
	return base
}

func TestFindBase(t *testing.T) {
	f := newBase(t)
	for _, test := range []struct{ name, dir string }{
		{"tiny", f.Path("models")},
		{"models/tiny", f.Root},
		{"./models/tiny", f.Root},
		{f.Path("models/tiny"), f.Path("elsewhere")},
	} {
		base := findBase(t, test.name, f.Path("nowhere"), test.dir)
		if base.Path != f.Path("models/tiny") || len(base.SHA256) != 64 || base.Name != test.name || len(base.Seen) != 0 {
			t.Errorf("%s in %s found %+v", test.name, test.dir, base)
		}
	}
	hub := findBase(t, "stable-diffusion-v1-5/stable-diffusion-v1-5", f.Root)
	if hub.Path != "" || hub.SHA256 != "" || hub.Name != "stable-diffusion-v1-5/stable-diffusion-v1-5" {
		t.Errorf("a model of the hub is %+v", hub)
	}
}

func TestFindBaseErrors(t *testing.T) {
	f := newBase(t)
	f.Text("photos/0.png", "")
	for name, text := range map[string]string{
		"photos":         "base model " + f.Path("photos") + " is not a diffusers model: it has no model_index.json",
		"./nowhere":      `base model "./nowhere": no such folder (looked for ` + f.Path("nowhere"),
		"nowhere":        "no such folder",
		"a/b/c":          "no such folder",
		"/nowhere/model": `no such folder (looked for /nowhere/model)`,
	} {
		_, err := FindBase(nil, name, f.Root, f.Root)
		filetest.Fails(t, err, text)
	}
	if err := os.Symlink(f.Path("models/tiny/unet"), f.Path("models/tiny/vae")); err != nil {
		t.Fatal(err)
	}
	_, err := FindBase(nil, "models/tiny", f.Root)
	filetest.Fails(t, err, "vae is a link to a folder")
	for _, name := range []string{"vae/config.json", trainingImages} {
		f := newBase(t)
		_ = os.Remove(f.Path("models/tiny/" + name)) // not in every model
		f.Pipe("models/tiny/" + name)
		_, err := FindBase(nil, "models/tiny", f.Root)
		filetest.Fails(t, err, filepath.Base(name)+" is a named pipe and no file")
	}
}

// TestHashModel: what the model computes with counts, what is written about it
// does not, and neither does where it lies.
func TestHashModel(t *testing.T) {
	f := newBase(t)
	hash := func() string { t.Helper(); return findBase(t, "models/tiny", f.Root).SHA256 }
	first := hash()
	f.Text("models/tiny/README.md", "a card")
	f.Text("models/tiny/samples.png", "a picture")
	f.Text("models/tiny/"+trainingImages, "name,sha256\n")
	if hash() != first {
		t.Error("a card, a picture or a list of images changes the hash")
	}
	if err := os.Rename(f.Path("models"), f.Path("moved")); err != nil {
		t.Fatal(err)
	}
	if findBase(t, "moved/tiny", f.Root).SHA256 != first {
		t.Error("moving the model changes the hash")
	}
	if err := os.Rename(f.Path("moved"), f.Path("models")); err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{first: "the first model"}
	for _, change := range []struct{ name, text string }{
		{"unet/diffusion_pytorch_model.safetensors", "other weights"},
		{"unet/config.json", `{"sample_size": 8}`},
		{"tokenizer/merges.txt", "a b"},
		{"tokenizer/more.txt", "a b"},
	} {
		f.Text("models/tiny/"+change.name, change.text)
		if same, ok := seen[hash()]; ok {
			t.Errorf("changing %s gives the hash of %s", change.name, same)
		}
		seen[hash()] = change.name
	}
	if err := os.Remove(f.Path("models/tiny/unet/diffusion_pytorch_model.safetensors")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(f.Path("models/tiny/model_index.json"), f.Path("models/tiny/unet/diffusion_pytorch_model.safetensors")); err != nil {
		t.Fatal(err)
	}
	if _, ok := seen[hash()]; ok {
		t.Error("a file that is a link, as in the cache of the hub, does not count")
	}
}

func TestSeen(t *testing.T) {
	for _, test := range []struct{ name, text, problem string }{
		{"empty list", "name,sha256\n", ""},
		{"two images", "name,sha256\na.png," + someHash + "\nb.png," + otherHash + "\n", ""},
		{"columns the other way, upper case", "sha256,name\n" + strings.ToUpper(someHash) + ",a.png\n" + otherHash + " ,b.png\n", ""},
		{"byte-order mark", "\ufeffsha256,name\r\n" + someHash + ",a.png\r\n", ""},
		{"semicolons, as spreadsheets in many languages write", "\ufeffname;sha256\n\"a, b.png\";" + someHash + "\n", ""},
		{"pixels too", "name,sha256,pixels_sha256\na.png," + someHash + "," + otherHash + "\n", ""},
		{"no pixels", "name,sha256,pixels_sha256\na.png," + someHash + ",\n", `training_images.csv:2: "" is not a SHA-256`},
		{"tabs", "name\tsha256\na.png\t" + someHash + "\n", ""},
		{"UTF-16", "\xff\xfen\x00a\x00", "training_images.csv is not UTF-8: save it as CSV in UTF-8"},
		{"empty file", "", "training_images.csv has no column sha256"},
		{"no hashes", "name\na.png\n", "training_images.csv has no column sha256"},
		{"no hash", "name,sha256\na.png," + someHash + "\nb.png,\n", `training_images.csv:3: "" is not a SHA-256`},
		{"a field too few", "name,sha256\na.png\n", "training_images.csv:2: wrong number of fields"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newBase(t)
			f.Text("models/tiny/"+trainingImages, test.text)
			base, err := FindBase(nil, "models/tiny", f.Root)
			if test.problem != "" {
				filetest.Fails(t, err, "base model "+f.Path("models/tiny"), test.problem)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]bool{}
			for _, hash := range []string{someHash, otherHash} {
				if strings.Contains(strings.ToLower(test.text), hash) {
					want[hash] = true
				}
			}
			if !maps.Equal(base.Seen, want) {
				t.Errorf("seen %v, want %v", base.Seen, want)
			}
		})
	}
}
