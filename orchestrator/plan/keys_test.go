package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/model"
	"kizu/orchestrator/stage"
)

// changed lists the labels whose keys differ between two plans.
func changed(t *testing.T, before, after *Plan) []string {
	t.Helper()
	old, now := keys(t, before), keys(t, after)
	if !slices.Equal(slices.Sorted(maps.Keys(old)), slices.Sorted(maps.Keys(now))) {
		t.Fatalf("other tasks:\n%q\n%q", slices.Sorted(maps.Keys(old)), slices.Sorted(maps.Keys(now)))
	}
	labels := []string{}
	for label, key := range now {
		if old[label] != key {
			labels = append(labels, label)
		}
	}
	slices.Sort(labels)
	return labels
}

func kind(kinds ...string) func(*Task) bool {
	return func(task *Task) bool { return slices.Contains(kinds, task.Kind) }
}

// TestKeysFollowTheFile: a change in the experiment file changes the keys of
// the tasks that it concerns and of those made from them, and no others.
func TestKeysFollowTheFile(t *testing.T) {
	before := smallPlan(t)
	for _, test := range []struct {
		old, new string
		concerns func(*Task) bool // nil for none
	}{
		{"rank: 2", "rank: 2, learning_rate: 5e-4", kind(stage.KindTrainLoRA)},
		{"rank: 2", "rank: 2, flip: true", kind(stage.KindTrainLoRA)},
		{"rank: 2", "rank: 2, text_encoder: true", kind(stage.KindTrainLoRA)},
		{"rank: 2", "rank: 2, schedule: cosine", kind(stage.KindTrainLoRA)},
		{"rank: 2", "rank: 2, optimizer: adamw8bit", kind(stage.KindTrainLoRA)},
		{"rank: 2", "rank: 2, min_snr_gamma: 5", kind(stage.KindTrainLoRA)},
		{"rank: 2", "rank: 2, regularization: kohya", kind(stage.KindTrainLoRA)},
		{"rank: 2", "rank: 2, repeats: 5", nil}, // of regularization kohya only
		{"rank: 2", "rank: 2, alpha: 1", kind(stage.KindTrainLoRA)},
		{"rank: 2", "rank: 2, resolution: 64", kind(stage.KindTrainLoRA, stage.KindGenerate, stage.KindAutoencode)},
		{"rank: 2", "rank: 2, identifier: sks", kind(stage.KindTrainLoRA, stage.KindGenerate)},
		{"noun: board", "noun: plate", kind(stage.KindTrainLoRA, stage.KindGenerate)},
		{"base: tiny", "base: tiny # as before", nil},
		{"strength: 0.5", "strength: 0.6", kind(stage.KindGenerate)},
		{"strength: 0.5", "strength: 0.5, guidance: 3", kind(stage.KindGenerate)},
		{"strength: 0.5", "strength: 0.5, sampler: ddim", kind(stage.KindGenerate)},
		{"strength: 0.5", "strength: 0.5, with_identifier: false", kind(stage.KindGenerate)},
		{"good_images: 3", "good_images: 3, source_images: 4", func(task *Task) bool {
			return task.Kind == stage.KindGenerate && strings.Contains(task.Label, "study 2")
		}},
		{"good_images: 3", "good_images: 3, rank: 2, generate: {sampler: base}", nil}, // as before
		{"show: 3", "show: 4", func(task *Task) bool {
			return task.Kind == stage.KindGenerate && !strings.Contains(task.Label, "study 2") || task.Label == "features of photos, study 1"
		}},
		{"epochs: 2", "epochs: 3", kind(stage.KindClassify)},
		{"weights: none", "weights: lite0", kind(stage.KindClassify, stage.KindMeasure)},
		{"weights: none", "weights: none, sampling: balanced", kind(stage.KindClassify)},
		{"weights: none", "weights: none, learning_rate: 2e-3", kind(stage.KindClassify)},
		{"both: {good: {real: 3,", "both: {good: {real: 4,", func(task *Task) bool { return strings.HasPrefix(task.Label, `classifier "both"`) }},
		{"good: {real: 3, generated: 2}", "good: {real: 3, generated: 1}", func(task *Task) bool { return strings.HasPrefix(task.Label, `classifier "both"`) }},
	} {
		text := strings.Replace(small, test.old, test.new, 1)
		if text == small {
			t.Fatalf("%q is not in the file", test.old)
		}
		exp := parse(t, text)
		after := build(t, exp, smallInputs(t, exp))
		want := []string{}
		if test.concerns != nil {
			want = below(after, test.concerns)
		}
		if got := changed(t, before, after); !slices.Equal(got, want) {
			t.Errorf("%s → %s changes\n%q, want\n%q", test.old, test.new, got, want)
		}
	}
}

// TestKeysFollowTheInputs: the same for what lies outside the file.
func TestKeysFollowTheInputs(t *testing.T) {
	before := smallPlan(t)
	for _, test := range []struct {
		name     string
		change   func(*Inputs)
		concerns func(*Task) bool
	}{
		{"version of train_lora", func(in *Inputs) { in.Versions[stage.KindTrainLoRA]++ }, kind(stage.KindTrainLoRA)},
		{"version of generate", func(in *Inputs) { in.Versions[stage.KindGenerate]++ }, kind(stage.KindGenerate)},
		{"version of autoencode", func(in *Inputs) { in.Versions[stage.KindAutoencode]++ }, kind(stage.KindAutoencode)},
		{"version of classify", func(in *Inputs) { in.Versions[stage.KindClassify]++ }, kind(stage.KindClassify)},
		{"version of another method", func(in *Inputs) { in.Versions["generate/inpaint"]++ }, kind()},
		{"version of another stage", func(in *Inputs) { in.Versions["prepare"]++ }, kind()},
		{"contents of the base model", func(in *Inputs) { in.Base.SHA256 = strings.Repeat("0", 64) }, kind(stage.KindTrainLoRA, stage.KindGenerate, stage.KindAutoencode)},
		{"path of the base model", func(in *Inputs) { in.Base.Path = "/elsewhere" }, kind()},
		{"a base model of the hub", func(in *Inputs) { in.Base = &model.Base{Name: "a/b"} }, kind(stage.KindTrainLoRA, stage.KindGenerate, stage.KindAutoencode)},
		{"an encoder of the hub", func(in *Inputs) { in.Encoder = &model.Encoder{Name: "a/b"} }, kind(stage.KindMeasure)},
		{"an encoder's folder", func(in *Inputs) {
			in.Encoder = &model.Encoder{Name: "b", Path: "/b", SHA256: strings.Repeat("0", 64)}
		}, kind(stage.KindMeasure)},
		{"weights file", func(in *Inputs) { in.Weights["none"] = &model.Weights{Path: "/w.safetensors", SHA256: "0"} }, kind(stage.KindClassify, stage.KindMeasure)},
	} {
		exp := parse(t, small)
		in := smallInputs(t, exp)
		test.change(&in)
		after := build(t, exp, in)
		want := below(after, test.concerns)
		if got := changed(t, before, after); !slices.Equal(got, want) {
			t.Errorf("%s changes\n%q, want\n%q", test.name, got, want)
		}
	}
}

// TestKeysFollowTheImages: another content of one image, in the same role,
// changes the keys of what reads it and of what is made from that.
func TestKeysFollowTheImages(t *testing.T) {
	before := smallPlan(t)
	for _, use := range []struct {
		class string
		test  bool
		place int // in the drawing order
	}{{"good", false, 0}, {"good", false, 2}, {"good", false, 5}, {"crack", false, 1}, {"crack", false, 3}, {"cut", false, 1}, {"cut", false, 3}, {"good", true, 0}, {"crack", true, 1}} {
		exp := parse(t, small)
		in := smallInputs(t, exp)
		list := in.Division.Train[use.class]
		if use.test {
			list = in.Division.Test[use.class]
		}
		old := list[use.place].SHA256
		list[use.place].SHA256 = strings.Repeat("0", 64)
		in.Set.Images = append(in.Set.Images, list[use.place])
		after := build(t, exp, in)
		reads := func(task *Task) bool {
			return slices.ContainsFunc(after.Images(task), func(img dataset.Image) bool { return img.SHA256 == list[use.place].SHA256 })
		}
		if got, want := changed(t, before, after), below(after, reads); !slices.Equal(got, want) {
			t.Errorf("another %s image %d instead of %.8s changes\n%q, want\n%q", use.class, use.place, old, got, want)
		}
	}
}

// TestKeysIgnoreCosmetics: how a file is written, what the experiment is called
// and in which order its cells stand play no part.
func TestKeysIgnoreCosmetics(t *testing.T) {
	before := smallPlan(t)
	cosmetic := `# The same study in other words.
conditions:
  training_sets:
    both: {defects: {generated: 4, real: 2}, good: {generated: 2, real: 3}}
    real:
      good: {real: 3}
      defects: {real: 2}
    generated: {good: {generated: 4}, defects: {generated: 4}}
  lora: {defect_images: 2, good_images: 3}
  test: {good: 4, crack: 2, cut: 2}
classifier: {epochs: 2, weights: "none", batch_size: 32}
patterns:
  matrix:
    - {steps: [5, 20], regularization_images: [3], defect_images: 4}
    - {regularization_images: [0, 3], defect_images: [4, 2], rank: 2}
  baseline: true
  show: 3
generate: {steps: 10, strength: 5e-1}
lora: {steps: 10, rank: 2, alpha: 2}
seeds: [1, 0]
base: tiny
dataset: {noun: board, defects: [crack, cut], root: elsewhere, format: folders}
question: Does it matter?
name: other
`
	exp := parse(t, cosmetic)
	after := build(t, exp, smallInputs(t, exp))
	if got := changed(t, before, after); len(got) > 0 {
		t.Errorf("changed: %q", got)
	}
}

func TestSeed(t *testing.T) {
	seen := map[int64]string{}
	for seed := range int64(50) {
		for _, parts := range [][]string{{}, {"a"}, {"b"}, {"a", "b"}, {"ab"}, {"a", "1"}, {"a1"}} {
			value := stage.Seed(seed, parts...)
			id := fmt.Sprintf("%d %q", seed, parts)
			if other, twice := seen[value]; twice || value < 0 {
				t.Errorf("seed %d of %s, the same as %s", value, id, other)
			}
			seen[value] = id
		}
	}
	// python3: int.from_bytes(sha256(b"seed 7\0train_lora\0crack").digest()[:8]) >> 1.
	// Another value would change every key and result that anybody has.
	if got := stage.Seed(7, stage.KindTrainLoRA, "crack"); got != 1355129411638090710 {
		t.Errorf("Seed(7, train_lora, crack) is %d", got)
	}
}
