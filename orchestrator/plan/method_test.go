package plan

import (
	"strings"
	"testing"

	"kizu/orchestrator/experiment"
	"kizu/orchestrator/experiment/experimenttest"
	"kizu/orchestrator/stage"
)

// generations calls f with what every task of generated images is asked for.
func generations(p *Plan, f func(*Task, stage.Generate)) (n int) {
	for _, task := range p.Tasks {
		if spec, ok := task.Spec.(stage.Generate); ok {
			f(task, spec)
			n++
		}
	}
	return n
}

// TestMethodWithoutSources: where images start from no photo, none is asked for, read or
// compared with, however few there are.
func TestMethodWithoutSources(t *testing.T) {
	experimenttest.WithMethod(t, "words", experiment.Method{Needs: []string{"base"}, Takes: []string{"lora"}, Denoises: true})
	exp := parse(t, strings.Replace(strings.Replace(small, "strength: 0.5", "method: words, strength: 0.5", 1), "[0, 3]}", "0}", 1))
	exp.Patterns.Matrix = exp.Patterns.Matrix[:1]
	exp.Conditions = nil
	p := build(t, exp, inputs(t, exp, photos(map[string]int{"crack": 6})))
	n := generations(p, func(task *Task, spec stage.Generate) {
		if len(spec.Sources) > 0 || len(p.Images(task)) > 0 || spec.Strength != 0.5 || !strings.HasSuffix(spec.Prompt, "board") {
			t.Errorf("%s: %+v", task.Label, spec)
		}
		for _, img := range listed(spec).Images {
			if img.Source != "" {
				t.Errorf("%s: image %s starts from %q", task.Label, img.Name, img.Source)
			}
		}
	})
	if n != 6 { // the baseline and two patterns at two seeds
		t.Errorf("%d tasks of images", n)
	}
	for _, ref := range find(t, p, "no LoRA", 0).Photos.Spec.(stage.Measure).Images {
		if img, _ := p.Image(ref); img.Class != "crack" {
			t.Errorf("compared with %s", img.Name)
		}
	}
}

// TestMethodWithoutLoRA: nothing is trained that no image is made with, and settings of
// denoising are part of no key where nothing is denoised.
func TestMethodWithoutLoRA(t *testing.T) {
	experimenttest.WithMethod(t, "paste", experiment.Method{Needs: []string{"source"}, Takes: []string{"base"}})
	plan := func(strength string, versions ...string) *Plan {
		text := strings.Replace(small, "strength: 0.5", "method: paste, negative_prompt: dust, strength: "+strength, 1)
		exp := parse(t, text[:strings.Index(text, "patterns:")]+text[strings.Index(text, "conditions:"):])
		in := smallInputs(t, exp)
		for _, version := range versions {
			in.Versions[version]++
		}
		return build(t, exp, in)
	}
	p := plan("0.5")
	n := generations(p, func(task *Task, spec stage.Generate) {
		if len(task.Needs) > 0 || spec.LoRA != "" || spec.Prompt+spec.NegativePrompt != "" || spec.Steps != 0 || len(spec.Sources) != 3 || spec.BatchSize == 0 {
			t.Errorf("%s: %+v", task.Label, spec)
		}
		if spec.Effort() <= 0 {
			t.Errorf("%s is no work", task.Label)
		}
	})
	if n != 6 { // three classes at two seeds
		t.Errorf("%d tasks of images", n)
	}
	if labels := changed(t, p, plan("0.7")); len(labels) > 0 {
		t.Errorf("another strength changes %q", labels)
	}
	if labels := changed(t, p, plan("0.5", "generate/paste")); len(labels) < 6 {
		t.Errorf("another version of the method changes %q", labels)
	}
}

// TestMethodOfAPattern: a pattern trains a LoRA where its method takes one, and is otherwise
// made of as many photos as it says.
func TestMethodOfAPattern(t *testing.T) {
	experimenttest.WithMethod(t, "bound", experiment.Method{Needs: []string{"base", "lora"}, Denoises: true})
	experimenttest.WithMethod(t, "shown", experiment.Method{Needs: []string{"base", "source", "defect"}, Denoises: true})
	_, err := experiment.Parse("test.yaml", t.TempDir(), []byte(strings.Replace(small, "strength: 0.5", "method: bound, strength: 0.5", 1)))
	fails(t, err, "test.yaml:", "method bound makes no images without a LoRA")

	exp := parse(t, strings.Replace(small, "regularization_images: [0, 3]}", "generate: {method: [img2img, shown]}}", 1))
	p := build(t, exp, smallInputs(t, exp))
	for name, want := range map[string]int{"4 defect, method shown": 4, "2 defect, method shown": 2} {
		cell := find(t, p, name, 0)
		spec := cell.Generate.Spec.(stage.Generate)
		if cell.Train != nil || spec.LoRA != "" || len(p.ImagesAs(cell.Generate, stage.Reference)) != min(want, exp.Patterns.Show) {
			t.Errorf("%s: %+v", name, spec)
		}
	}
	if find(t, p, "4 defect, 0 regularization", 0).Train == nil {
		t.Error("the pattern beside it trains no LoRA")
	}
	exp = parse(t, strings.Replace(small, "defect_images: [4, 2], regularization_images: [0, 3]}", "defect_images: 40, generate: {method: shown}}", 1))
	_, err = Build(exp, smallInputs(t, exp))
	fails(t, err, "class \"crack\"", "40 are needed")
}
