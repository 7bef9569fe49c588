package plan

import (
	"os"
	"slices"
	"testing"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/stage"
)

// hazelnut is MVTec AD's category in numbers: 391 good photos to train on, 40
// to test on, and the defects in the test folder.
func hazelnut() *dataset.Set {
	set := photos(map[string]int{"good": 431, "crack": 18, "cut": 17, "hole": 18, "print": 17})
	for i := range set.Images {
		if img := &set.Images[i]; img.Class == "good" {
			img.Split = dataset.TrainingOnly
			if img.Name >= "good/391.png" {
				img.Split = dataset.TestingOnly
			}
		}
	}
	return set
}

// article plans the article's experiment on its dataset.
func article(t testing.TB) *Plan {
	t.Helper()
	text, err := os.ReadFile("../../experiments/article.yaml")
	if err != nil {
		t.Fatal(err)
	}
	exp := parse(t, string(text))
	return build(t, exp, inputs(t, exp, hazelnut()))
}

// TestArticleTasks: per seed study 1 trains eight LoRAs and generates nine
// times, and of the noun alone as often; study 2 trains a LoRA and generates for each of five
// classes, which four conditions share, and trains five classifiers. One more is the referee, who
// judges all that was generated.
func TestArticleTasks(t *testing.T) {
	p := article(t)
	got := map[string]int{}
	for _, task := range p.Tasks {
		got[task.Kind]++
	}
	// Photos are autoencoded once for each study and for the referee, and seeds share them.
	if got[stage.KindAutoencode] != 3 || got[stage.KindJudge] != got[stage.KindGenerate] || got[stage.KindTrainLoRA] != 3*(8+5) || got[stage.KindGenerate] != 3*(2*9+5) || got[stage.KindClassify] != 3*5+1 || len(p.Cells) != 3*14 {
		t.Errorf("%d cells, tasks %v", len(p.Cells), got)
	}
	for _, seed := range []int64{0, 1, 2} {
		shared := find(t, p, "generated", seed).Classify.Needs
		if len(shared) != 5+1 || shared[5].Kind != stage.KindAutoencode {
			t.Errorf("generated images of %d classes, want 5 and autoencoded photos", len(shared)-1)
		}
		for name, needs := range map[string]int{"real": 0, "real + generated": 6, "generated defects + real good": 5, "all, good only real": 5} {
			task := find(t, p, name, seed).Classify
			if len(task.Needs) != needs {
				t.Errorf("%s needs %d tasks, want %d", name, len(task.Needs), needs)
			}
			for _, need := range task.Needs {
				if !slices.Contains(shared, need) {
					t.Errorf("%s does not share %s", name, need.Label)
				}
			}
		}
	}
}

// TestArticleKeepsTheStudiesApart: all 18 holes train study 1's LoRAs, and so
// eight test images; they reach no classifier.
func TestArticleKeepsTheStudiesApart(t *testing.T) {
	p := article(t)
	tested := map[string]bool{}
	for _, images := range p.Division.Test {
		for _, img := range images {
			tested[img.SHA256] = true
		}
	}
	if len(tested) != 70 {
		t.Fatalf("%d test images, want 70", len(tested))
	}
	holes := 0
	for hash := range p.lineage(find(t, p, "18 defect, 391 regularization", 0).Generate) {
		if tested[hash] {
			holes++
		}
	}
	if holes != 8 {
		t.Errorf("study 1 draws %d test images of the class hole, want 8", holes)
	}
	for _, task := range p.Tasks {
		if task.Kind != stage.KindClassify {
			continue
		}
		for hash, way := range p.lineage(task) {
			if tested[hash] {
				t.Errorf("a test image reaches %s as %s", task.Label, way)
			}
		}
		if n := len(task.Spec.(stage.Classify).Test); n != 70 {
			t.Errorf("%s is tested on %d images", task.Label, n)
		}
	}
}

// TestArticleTrainingSets counts the training images of each condition by where
// they come from: real good, real hole, generated good, generated hole.
func TestArticleTrainingSets(t *testing.T) {
	p := article(t)
	for name, want := range map[string][4]int{
		"real":                          {24, 10, 0, 0},
		"generated":                     {0, 0, 100, 100},
		"real + generated":              {24, 10, 100, 100},
		"generated defects + real good": {100, 0, 0, 100},
		"all, good only real":           {100, 10, 0, 100},
	} {
		spec := find(t, p, name, 0).Classify.Spec.(stage.Classify)
		var got [4]int
		for _, img := range listed(spec).Train {
			column := slices.Index([]string{"good", "hole"}, spec.Classes[img.Class])
			if _, real := p.Image(img.Path); !real && column >= 0 {
				column += 2
			}
			if column >= 0 {
				got[column]++
			}
		}
		if got != want {
			t.Errorf("%s trains on %v real good, real hole, generated good, generated hole; want %v", name, got, want)
		}
	}
}

// TestPatternsAreNested: more images of a kind are the fewer ones and others,
// so that patterns are compared pair by pair.
func TestPatternsAreNested(t *testing.T) {
	p := article(t)
	lora := func(name string) stage.TrainLoRA { return find(t, p, name, 1).Train.Spec.(stage.TrainLoRA) }
	prefix := func(few, many []stage.Ref) bool { return len(few) <= len(many) && slices.Equal(few, many[:len(few)]) }
	last := lora("18 defect, 0 regularization")
	for _, name := range []string{"18 defect, 10 regularization", "18 defect, 50 regularization", "18 defect, 100 regularization", "18 defect, 391 regularization"} {
		next := lora(name)
		if !prefix(last.Class.Images, next.Class.Images) || !slices.Equal(last.Instance.Images, next.Instance.Images) {
			t.Errorf("%s does not contain the pattern before", name)
		}
		last = next
	}
	ten := lora("10 defect, 391 regularization")
	if !prefix(ten.Instance.Images, last.Instance.Images) || !slices.Equal(ten.Class.Images, last.Class.Images) {
		t.Error("the 10 defect images are not the first of the 18")
	}
	if len(ten.Instance.Images) != 10 || len(last.Instance.Images) != 18 || len(last.Class.Images) != 391 {
		t.Errorf("%d and %d defect images, %d regularization images", len(ten.Instance.Images), len(last.Instance.Images), len(last.Class.Images))
	}
}

// TestStudy2TrainsOnTheSmallestSet: its LoRAs, their regularization images and
// the sources of its images are all images of the condition "real".
func TestStudy2TrainsOnTheSmallestSet(t *testing.T) {
	p := article(t)
	real := p.lineage(find(t, p, "real", 0).Classify)
	if len(real) != 24+4*10 {
		t.Fatalf("condition real trains on %d images", len(real))
	}
	for hash, way := range p.lineage(find(t, p, "generated", 0).Classify) {
		if real[hash] == "" {
			t.Errorf("an image outside the condition real comes as %s", way)
		}
	}
	for _, need := range find(t, p, "generated", 0).Classify.MadeFrom() {
		spec := need.Needs[0].Spec.(stage.TrainLoRA)
		wantInstance, wantRegular := 10, 24
		if len(spec.Class.Images) == 0 { // the class good
			wantInstance, wantRegular = 24, 0
		}
		if len(spec.Instance.Images) != wantInstance || len(spec.Class.Images) != wantRegular {
			t.Errorf("%s: %d instance and %d regularization images", need.Label, len(spec.Instance.Images), len(spec.Class.Images))
		}
	}
}
