package plan

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"kizu/orchestrator/stage"
)

// masked is study 2 with LoRAs of both losses.
const masked = `name: masked
dataset: {format: folders, root: data, masks: masks, noun: board, defects: [crack, cut]}
base: tiny
conditions:
  test: {good: 4, defects: 2}
  lora: {good_images: 3, defect_images: 2, regularization_images: 2, masked_loss: [false, true]}
  training_sets:
    made: {good: {generated: 4}, defects: {generated: 4}}
`

// loraOf is the LoRA that makes a condition's images of a class.
func loraOf(t *testing.T, p *Plan, condition, class string) (*Task, stage.TrainLoRA) {
	t.Helper()
	task, _ := madeBy(t, p, condition, class)
	return task.LoRA(), task.LoRA().Spec.(stage.TrainLoRA)
}

// TestMaskedLoss: a defect's photos come with their own masks, and nothing else differs;
// the good class's LoRA is the same with and without.
func TestMaskedLoss(t *testing.T) {
	exp := parse(t, masked)
	p := build(t, exp, methodInputs(t, exp))
	plainTask, plain := loraOf(t, p, "made, masked loss false", "crack")
	task, with := loraOf(t, p, "made, masked loss true", "crack")
	if plain.Instance.Masks != nil || plain.Outside != 0 || strings.Contains(string(plainTask.Identity()), "outside") {
		t.Errorf("without masks: %+v", plain.Instance)
	}
	if with.Outside != 0.1 || len(with.Class.Masks) > 0 || !slices.Equal(plain.Instance.Images, with.Instance.Images) || task.Key == plainTask.Key {
		t.Errorf("with masks: outside %g of %+v", with.Outside, with.Instance)
	}
	for i, files := range with.Instance.Masks {
		for _, name := range namesOf(t, p, files) {
			if name != namesOf(t, p, with.Instance.Images[i:i+1])[0] {
				t.Errorf("%s is marked by a mask of %s", with.Instance.Images[i], name)
			}
		}
	}
	for _, files := range with.Resolve(func(ref stage.Ref) stage.Ref { return stage.Ref(p.Path(ref, nil)) }).(stage.TrainLoRA).Instance.Masks {
		if len(files) == 0 || !strings.HasPrefix(string(files[0]), "/masks/") {
			t.Errorf("a worker is given masks %q", files)
		}
	}
	good, _ := loraOf(t, p, "made, masked loss false", "good")
	if same, _ := loraOf(t, p, "made, masked loss true", "good"); same.Key != good.Key {
		t.Error("the good class's LoRA differs, which has no masks")
	}
}

// TestMasksOfRegions: where a LoRA learns a region, the mask is that of the region.
func TestMasksOfRegions(t *testing.T) {
	exp := parse(t, strings.Replace(masked, "noun: board", "crop: {around: mask}, noun: board", 1))
	p := build(t, exp, methodInputs(t, exp))
	_, spec := loraOf(t, p, "made, masked loss true", "cut")
	for i, ref := range spec.Instance.Images {
		_, fragment := ref.Whole()
		for _, mask := range spec.Instance.Masks[i] {
			if _, same := mask.Whole(); fragment == "" || same != fragment {
				t.Errorf("%s is marked by %s", ref, mask)
			}
		}
	}
}

// TestInpaintingBases: what must be shown a mask is refused for methods without one, before
// a LoRA is trained on it.
func TestInpaintingBases(t *testing.T) {
	exp := parse(t, masked)
	in := methodInputs(t, exp)
	in.Base.Inpaints = true
	_, err := Build(exp, in)
	fails(t, err, "base model tiny is made for inpainting, and method img2img has no mask to show it: use generate.method inpaint")
	exp = parse(t, masked+"generate: {method: inpaint}\n")
	if _, err := Build(exp, in); err != nil {
		t.Error(err)
	}
}

// TestMaskedLossNeedsMasks: a photo without a mask is named, and one that is tested on leaks
// by its mask too.
func TestMaskedLossNeedsMasks(t *testing.T) {
	exp := parse(t, masked)
	in := methodInputs(t, exp)
	for i := range in.Division.Train["cut"] {
		in.Division.Train["cut"][i].Marking = nil
	}
	for i := range in.Set.Images {
		if in.Set.Images[i].Class == "cut" {
			in.Set.Images[i].Marking = nil
		}
	}
	_, err := Build(exp, in)
	fails(t, err, "lora.masked_loss needs to know where defects are", `of class "cut" have no mask`)

	in = methodInputs(t, exp)
	// Of a photo that is trained on, the mask of one that is tested on.
	in.Division.Train["cut"][0].Marking = in.Division.Test["cut"][0].Marking
	for i := range in.Set.Images {
		if in.Set.Images[i].SHA256 == in.Division.Train["cut"][0].SHA256 {
			in.Set.Images[i].Marking = nil
		}
	}
	_, err = Build(exp, in)
	var leak *LeakError
	if !errors.As(err, &leak) || !slices.ContainsFunc(leak.Ways, func(way string) bool { return strings.HasPrefix(way, "mask of LoRA cut") }) {
		t.Errorf("got %v", err)
	}
}
