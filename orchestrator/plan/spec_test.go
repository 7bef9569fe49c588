package plan

import (
	"encoding/json"
	"strings"
	"testing"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/model"
	"kizu/orchestrator/stage"
)

// TestResolve: what a stage reads is its spec with every reference replaced,
// and the task's own spec is left as it is.
func TestResolve(t *testing.T) {
	exp := parse(t, small)
	in := smallInputs(t, exp)
	in.Weights["none"] = &model.Weights{Path: "/weights/b0.safetensors", SHA256: strings.Repeat("77", 32)}
	p := build(t, exp, in)
	folder := func(kind, key string) string { return "/store/" + kind + "/" + key[:4] }
	for _, task := range p.Tasks {
		before, err := json.Marshal(task.Spec)
		if err != nil {
			t.Fatal(err)
		}
		resolved, err := json.Marshal(task.Spec.Resolve(func(ref stage.Ref) stage.Ref { return stage.Ref(p.Path(ref, folder)) }))
		if err != nil {
			t.Fatal(err)
		}
		for _, prefix := range []string{"sha256:", "artifact:", "name:"} {
			if strings.Contains(string(resolved), prefix) {
				t.Errorf("%s keeps a reference: %s", task.Label, resolved)
			}
		}
		if after, _ := json.Marshal(task.Spec); string(after) != string(before) {
			t.Errorf("resolving changes %s", task.Label)
		}
	}
}

func TestPath(t *testing.T) {
	exp := parse(t, small)
	in := smallInputs(t, exp)
	in.Weights["none"] = &model.Weights{Path: "/weights/b0.safetensors", SHA256: strings.Repeat("77", 32)}
	p := build(t, exp, in)
	lora := find(t, p, "4 defect, 0 regularization", 0).Train
	for ref, want := range map[stage.Ref]string{
		stage.ByHash(photo("crack", 3).SHA256):  "/photos/crack/003.png",
		stage.ByHash(in.Base.SHA256):            "/models/tiny",
		stage.ByHash(in.Weights["none"].SHA256): "/weights/b0.safetensors",
		"name:imagenet":                         "imagenet",
		"name:owner/model":                      "owner/model",
		lora.file(""):                           "/store/train_lora/" + lora.Key,
		lora.file("images/0000.png"):            "/store/train_lora/" + lora.Key + "/images/0000.png",
	} {
		if got := p.Path(ref, func(kind, key string) string { return "/store/" + kind + "/" + key }); got != want {
			t.Errorf("%s is %q, want %q", ref, got, want)
		}
	}
}

// TestSpecsAsStagesReadThem pins the names of the fields that the Python stages
// take from their specs.
func TestSpecsAsStagesReadThem(t *testing.T) {
	p := smallPlan(t)
	cell := find(t, p, "4 defect, 3 regularization", 0)
	for _, test := range []struct {
		task   *Task
		fields string
	}{
		{cell.Train, "alpha base batch_size class flip gradient_accumulation gradient_checkpointing instance learning_rate min_snr_gamma optimizer precision prior_weight rank regularization resolution schedule seed steps target text_encoder text_encoder_learning_rate warmup_steps"},
		{cell.Generate, "base batch_size guidance images lora negative_prompt precision prompt resolution sampler steps strength"},
		{find(t, p, "both", 0).Classify, "autoencoded batch_size classes epochs held_out keep learning_rate model precision resolution sampling seed test train weight_decay weights"},
		{cell.Measure, "calibration images model resolution weights"},
		{cell.Photos, "calibration images mirrored model resolution weights"},
		{cell.Autoencoded.Needs[0], "base images mirrored precision resolution"},
	} {
		text, err := json.Marshal(listed(test.task.Spec))
		if err != nil {
			t.Fatal(err)
		}
		fields := map[string]json.RawMessage{}
		if err := json.Unmarshal(text, &fields); err != nil {
			t.Fatal(err)
		}
		for _, name := range strings.Fields(test.fields) {
			if _, ok := fields[name]; !ok {
				t.Errorf("%s has no %s", test.task.Label, name)
			}
			delete(fields, name)
		}
		for name := range fields {
			t.Errorf("%s has a field %s", test.task.Label, name)
		}
	}
}

// TestMatrixReachesTheTasks: a pattern's own values take the place of those of
// the lora and generate sections; alpha keeps its ratio to the rank.
func TestMatrixReachesTheTasks(t *testing.T) {
	exp := parse(t, `name: a
dataset: {format: folders, root: r, noun: x, defects: [crack]}
base: tiny
lora: {rank: 4, alpha: 2}
patterns:
  matrix:
    - {defect_images: 2, steps: 7, rank: [4, 16], learning_rate: 5e-4, generate: {strength: 0.9}}
`)
	p := build(t, exp, inputs(t, exp, photos(map[string]int{"good": 5, "crack": 5})))
	for i, want := range []struct {
		rank  int
		alpha float64
	}{{4, 2}, {16, 8}} {
		train, generate := p.Cells[i].Train.Spec.(stage.TrainLoRA), p.Cells[i].Generate.Spec.(stage.Generate)
		if train.Rank != want.rank || train.Alpha != want.alpha || train.Steps != 7 || train.LearningRate != 5e-4 {
			t.Errorf("%s trains with %+v", p.Cells[i].Name, train)
		}
		if generate.Strength != 0.9 || generate.Steps != 30 || generate.LoRA != p.Cells[i].Train.file("") {
			t.Errorf("%s generates with %+v", p.Cells[i].Name, generate)
		}
	}
}

// TestEffort: twice the steps or images is twice the work.
func TestEffort(t *testing.T) {
	p := smallPlan(t)
	five := find(t, p, "4 defect, 3 regularization, 5 steps", 0).Train
	ten := find(t, p, "4 defect, 3 regularization", 0).Train
	alone := find(t, p, "4 defect, 0 regularization", 0).Train
	if ten.Spec.Effort() != 2*five.Spec.Effort() || ten.Spec.Effort() != 2*alone.Spec.Effort() {
		t.Errorf("efforts %g, %g, %g", five.Spec.Effort(), ten.Spec.Effort(), alone.Spec.Effort())
	}
	three := find(t, p, "no LoRA", 0).Generate // 3 images; study 2 generates 4, and 16 that train nothing
	if twenty := find(t, p, "generated", 0).Classify.Needs[0]; 3*twenty.Spec.Effort() != 20*three.Spec.Effort() {
		t.Errorf("efforts %g, %g", three.Spec.Effort(), twenty.Spec.Effort())
	}
	for _, task := range p.Tasks {
		if task.Spec.Effort() <= 0 {
			t.Errorf("%s takes no effort", task.Label)
		}
	}
}

// TestLevelsArePartOfEveryKey that photos of 16 bits could change, and of none
// where there are no levels; images that would be made with others are not made
// together.
func TestLevelsArePartOfEveryKey(t *testing.T) {
	exp := parse(t, small)
	in := smallInputs(t, exp)
	before := build(t, exp, in)
	for _, task := range before.Tasks {
		if strings.Contains(string(task.Identity()), "levels") {
			t.Errorf("%s has levels: %s", task.Label, task.Identity())
		}
	}
	in.Set.Levels = dataset.Levels{0, 4095}
	after := build(t, exp, in)
	for i, task := range after.Tasks {
		if task.Key == before.Tasks[i].Key || !strings.Contains(string(task.Identity()), `"levels":[0,4095]`) {
			t.Errorf("%s has no levels: %s", task.Label, task.Identity())
		}
		if task.Kind == stage.KindGenerate && task.Spec.GroupKey() == before.Tasks[i].Spec.GroupKey() {
			t.Errorf("%s is made together with images of other levels", task.Label)
		}
	}
}
