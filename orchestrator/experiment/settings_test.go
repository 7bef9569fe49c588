package experiment

import (
	"slices"
	"testing"
)

// TestSettings: every value of the article's experiment is there, swept ones
// and those of the command line among them.
func TestSettings(t *testing.T) {
	exp, err := Load("../../experiments/article.yaml", "conditions.lora.patterns={hole: \"10 defect, 391 regularization\"}", "seeds=[4, 5]")
	if err != nil {
		t.Fatal(err)
	}
	got := exp.Settings()
	for _, want := range []Setting{
		{"name", "article"}, {"seeds", "4, 5"}, {"dataset.defects", "crack, cut, hole, print"},
		{"lora.rank", "8"}, {"lora.learning_rate", "0.0001"}, {"lora.flip", "false"}, {"generate.sampler", "base"}, {"generate.negative_prompt", ""},
		{"patterns.show", "8"}, {"patterns.matrix[0]", "defect_images: 18; regularization_images: 0, 10, 50, 100, 391"},
		{"conditions.test", "crack 8, cut 7, good 40, hole 8, print 7"},
		{"conditions.lora", "good_images: 24; defect_images: 10; regularization_images: 24; source_images: 24; patterns: hole 10 defect, 391 regularization"},
		{`conditions.training_sets."real + generated"`, "good: 24 real, 100 generated; each defect: 10 real, 100 generated"},
		{"classifier.sampling", "plain"}, {"reference.test_images", "70"},
	} {
		if !slices.Contains(got, want) {
			t.Errorf("%q is missing", want)
		}
	}
	paths := map[string]bool{}
	for _, setting := range got {
		if paths[setting.Path] {
			t.Errorf("%s is there twice", setting.Path)
		}
		paths[setting.Path] = true
	}
}
