package plan

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kizu/orchestrator/dataset/datasettest"
	"kizu/orchestrator/experiment"
	"kizu/orchestrator/model"
)

// checkArticle checks the article's experiment on the bundled base model.
func checkArticle(t *testing.T, spoil func(root string), changes ...string) *Checkup {
	t.Helper()
	folder := t.TempDir()
	if err := datasettest.WriteHazelnut(folder, 8); err != nil {
		t.Fatal(err)
	}
	if spoil != nil {
		spoil(filepath.Join(folder, "hazelnut"))
	}
	t.Setenv("MVTEC_AD", folder)
	exp, err := experiment.Load("../../experiments/article.yaml", append(changes, "base=tiny-sd")...)
	if err != nil {
		t.Fatal(err)
	}
	c, err := Check(exp, Machine{Scripts: "../../scripts", Models: "../../experiments/models", Photos: datasettest.Python(t)})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCheckArticle(t *testing.T) {
	c := checkArticle(t, nil)
	if len(c.Problems) > 0 || c.Plan == nil || len(c.Photos) != 5 || c.Photos[0].Found != 431 {
		t.Fatalf("%+v", c)
	}
	for _, want := range []PhotoRequirement{
		{"good", "tested on", 40, 40, "conditions.test.good"}, {"good", "study 1's regularization", 391, 391, "patterns.matrix[0].regularization_images[4]"},
		{"good", "study 2's classifiers", 391, 100, `conditions.training_sets."generated defects + real good".good.real`}, {"hole", "study 1's LoRAs", 18, 18, "patterns.matrix[0].defect_images"},
		{"hole", "study 2's LoRAs", 10, 10, "conditions.lora.defect_images"}, {"cut", "tested on", 17, 7, "conditions.test.cut"},
	} {
		if !slices.Contains(c.Needs, want) {
			t.Errorf("%+v is missing", want)
		}
	}
}

// TestCheckListsAll: several mistakes at once are all there.
func TestCheckListsAll(t *testing.T) {
	c := checkArticle(t, func(root string) {
		for name, same := range map[string]string{"test/cut/003.png": "test/cut/001.png", "train/good/007.png": "test/hole/002.png"} {
			text, err := os.ReadFile(filepath.Join(root, same))
			if err == nil {
				err = os.WriteFile(filepath.Join(root, name), text, 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Truncate(filepath.Join(root, "test/print/004.png"), 50); err != nil {
			t.Fatal(err)
		}
	}, "classifier.weights=none")
	if c.Plan != nil || len(c.Duplicates) != 1 || c.Duplicates[0].Name != "test/cut/003.png" {
		t.Errorf("copies %+v", c.Duplicates)
	}
	for _, want := range []string{
		"test/print/004.png cannot be read", "train/good/007.png (good) and test/hole/002.png (hole) are the same picture",
		`class "cut" has 9 images for study 2's LoRAs, and 10 are needed`, `class "print" has 9 images for study 2's LoRAs, and 10 are needed`,
		`class "hole" has 17 images for study 1's LoRAs, and 18 are needed`,
	} {
		if !slices.ContainsFunc(c.Problems, func(p string) bool { return strings.Contains(p, want) }) {
			t.Errorf("%q is not among %q", want, c.Problems)
		}
	}
}

// TestCheckLooksForFeatures: a vision transformer that cannot be had is a problem
// before a run.
func TestCheckLooksForFeatures(t *testing.T) {
	t.Setenv("HF_HUB_CACHE", t.TempDir())
	t.Setenv("HF_HUB_OFFLINE", "")
	t.Setenv("TRANSFORMERS_OFFLINE", "")
	if c := checkArticle(t, nil, "patterns.features=clip"); len(c.Problems) > 0 || c.Features != "openai/clip-vit-base-patch32: not in the cache: will be downloaded from the Hugging Face hub" {
		t.Errorf("%q, problems %q", c.Features, c.Problems)
	}
	t.Setenv("HF_HUB_OFFLINE", "1")
	c := checkArticle(t, nil, "patterns.features=dinov2")
	if len(c.Problems) != 1 || !strings.Contains(c.Problems[0], "vision transformer facebook/dinov2-small is not in the Hugging Face cache") {
		t.Errorf("problems %q", c.Problems)
	}
}

// TestCheckFindsLeaks: what only the whole plan shows is a problem too.
func TestCheckFindsLeaks(t *testing.T) {
	c := checkArticle(t, nil, `conditions.lora.patterns={hole: "18 defect, 391 regularization"}`)
	if len(c.Problems) != 1 || !strings.Contains(c.Problems[0], "8 test images reach the training of") {
		t.Errorf("problems %q", c.Problems)
	}
}

// TestNeedsAreThePlans: what is called enough can be planned, and one photo
// fewer of any use cannot.
func TestNeedsAreThePlans(t *testing.T) {
	exp := parse(t, small)
	for class, n := range map[string]int{"good": 7, "crack": 4, "cut": 4} {
		counts := map[string]int{"good": 7, "crack": 4, "cut": 4}
		for _, fewer := range []int{0, 1} {
			counts[class] = n - fewer
			set := photos(counts)
			in := inputs(t, exp, set)
			short := shortages(exp, set, in.Division)
			if enough := len(short) == 0; enough != (fewer == 0) {
				t.Errorf("%v photos: enough is %v, %v", counts, enough, short)
			} else if enough {
				build(t, exp, in)
			}
		}
	}
}

// tinyWidth is what a LoRA of rank 1 on the attention layers of tiny-sd has, counted by peft.
const tinyWidth = 7488

func TestEstimate(t *testing.T) {
	p := article(t)
	e := EstimateOf(p.Tasks, nil)
	// 39 LoRAs of 8 × 199,296 parameters, 3 × (2 × 9 × 64 + 5 × 116) images of 512 × 512, of
	// the noun alone as well, and autoencoded photos: 18, mirrored too, 16 + 4 + 3 + 4 + 3 test
	// photos, and 4 × 10 + 40 that train the referee, which is a classifier more.
	const images = 3*(2*9*64+5*116) + 2*18 + 30 + 80
	if e.LoRAs != 39 || e.Images != images || e.Classifiers != 16 || e.ImageBytes != images*512*512*3 {
		t.Errorf("%+v", e)
	}
	if least := int64(39 * 8 * 199296 * 20); e.LoRABytes < least || e.LoRABytes > least*11/10 {
		t.Errorf("LoRAs take %d bytes, want about %d", e.LoRABytes, least)
	}
	tiny := &model.Base{Path: "../../experiments/models/tiny-sd", Family: &model.Family{Components: []string{"unet"}}}
	if width := EstimateOf(p.Tasks, tiny).LoRABytes / (39 * 8 * 20); width != tinyWidth {
		t.Errorf("the attention layers of tiny-sd are %d wide together, want %d", width, tinyWidth)
	}
	if none := EstimateOf(nil, nil); none != (Estimate{}) {
		t.Errorf("nothing takes %+v", none)
	}
}
