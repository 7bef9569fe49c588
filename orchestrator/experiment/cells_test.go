package experiment

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"testing"
)

func load(t *testing.T, path string) *Experiment {
	t.Helper()
	exp, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return exp
}

// TestArticle reads the article's experiment as a whole: six patterns, the
// picture without a LoRA and two further step counts, five conditions.
func TestArticle(t *testing.T) {
	exp := load(t, "../../experiments/article.yaml")
	if want := "Do LoRA-generated defect images improve a defect classifier that has ten photos of each defect?"; exp.Question != want {
		t.Errorf("question %q", exp.Question)
	}
	if got := fmt.Sprint(exp.Dataset.Classes()); got != "[good crack cut hole print]" {
		t.Errorf("classes %s", got)
	}
	var got []string
	for _, cell := range exp.Cells() {
		got = append(got, fmt.Sprintf("%s: %s, seed %d", cell.Study, cell.Name, cell.Seed))
	}
	var want []string
	for _, name := range []string{
		"generation: no LoRA",
		"generation: 18 defect, 0 regularization",
		"generation: 18 defect, 10 regularization",
		"generation: 18 defect, 50 regularization",
		"generation: 18 defect, 100 regularization",
		"generation: 18 defect, 391 regularization",
		"generation: 10 defect, 391 regularization",
		"generation: 18 defect, 391 regularization, 100 steps",
		"generation: 18 defect, 391 regularization, 5000 steps",
		"classification: real",
		"classification: generated",
		"classification: real + generated",
		"classification: generated defects + real good",
		"classification: all, good only real",
	} {
		for seed := range 3 {
			want = append(want, fmt.Sprintf("%s, seed %d", name, seed))
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("cells:\n%q\nwant\n%q", got, want)
	}
	for class, want := range map[string][2]int{ // test and generated images
		"good": {40, 100}, "crack": {8, 100}, "cut": {7, 100}, "hole": {8, 100}, "print": {7, 100},
	} {
		got := [2]int{exp.TestCount(class), generatedCount(exp, class)}
		if got != want {
			t.Errorf("%s has %d test and generated images, want %d", class, got, want)
		}
	}
}

func TestDefaults(t *testing.T) {
	exp, err := Parse("small.yaml", "/dir", []byte(head+"patterns: {matrix: [{defect_images: 3}]}\n"+study2))
	if err != nil {
		t.Fatal(err)
	}
	got := exp.ExpandPatterns()
	if len(got) != 1 || got[0].DefectImages != 3 || got[0].LoRA != exp.LoRA || got[0].Generate != exp.Generate {
		t.Errorf("patterns %+v", got)
	}
	if exp.LoRA.Alpha != 8 || exp.Patterns.Show != 8 || exp.Patterns.Defect != "crack" || exp.Classifier.Epochs != 30 {
		t.Errorf("completed to %+v", exp)
	}
	exp, err = Parse("small.yaml", "/dir", []byte(head+study1+"lora: {rank: 4}\nclassifier: {steps: 100}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if exp.LoRA.Alpha != 4 || exp.Classifier.Epochs != 0 || exp.Classifier.Steps != 100 {
		t.Errorf("completed to %+v", exp)
	}
}

// TestImagesOfAClass covers how many images of a class are tested on, and how
// many are generated for the training set that takes most.
func TestImagesOfAClass(t *testing.T) {
	exp, err := Parse("small.yaml", "", []byte(head+`conditions:
  test: {good: 4, cut: 3, defects: 2}
  lora: {good_images: 7, defect_images: 5}
  training_sets:
    real: {good: {real: 2}, defects: {real: 3}}
    more: {good: {real: 6}, defects: {real: 1, generated: 9}}
`))
	if err != nil {
		t.Fatal(err)
	}
	for class, want := range map[string][2]int{ // test and generated images
		"good": {4, 0}, "crack": {2, 9}, "cut": {3, 9},
	} {
		got := [2]int{exp.TestCount(class), generatedCount(exp, class)}
		if got != want {
			t.Errorf("%s has %d test and generated images, want %d", class, got, want)
		}
	}
	exp.Conditions = nil
	if exp.TestCount("good")+generatedCount(exp, "good") != 0 {
		t.Error("without conditions nothing is tested or generated")
	}
}

// TestDenoisingSteps against int(num_inference_steps * strength) of diffusers
// 0.42.1's StableDiffusionImg2ImgPipeline.get_timesteps; floating-point
// products such as 100 × 0.29 = 28.999… are cut off there too.
func TestDenoisingSteps(t *testing.T) {
	for _, test := range []struct {
		steps    int
		strength float64
		want     int
	}{{30, 0.8, 24}, {15, 0.7, 10}, {10, 0.1, 1}, {9, 0.1, 0}, {100, 0.29, 28}, {30, 1, 30}, {1, math.Nextafter(1, 0), 0}} {
		if got := DenoisingSteps(test.steps, test.strength); got != test.want {
			t.Errorf("%d steps at strength %g: %d, want %d", test.steps, test.strength, got, test.want)
		}
	}
}

// TestBundledExperiments holds that every experiment of the repository parses.
func TestBundledExperiments(t *testing.T) {
	files, err := filepath.Glob("../../experiments/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no experiments: %v", err)
	}
	for _, file := range files {
		load(t, file)
	}
}

// generatedCount is how many images of a class are made in the way of the generate section.
func generatedCount(e *Experiment, class string) int {
	return e.GeneratedCounts()[e.Generate.Like()][class]
}
