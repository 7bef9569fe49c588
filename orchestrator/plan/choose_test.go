package plan

import (
	"errors"
	"slices"
	"testing"

	"kizu/orchestrator/model"
	"kizu/orchestrator/stage"
)

// selected has a training set for each way to choose, beside one that takes the first.
const selected = `name: selected
dataset: {format: folders, root: data, masks: masks, noun: board, defects: [crack, cut]}
base: tiny
conditions:
  test: {good: 4, defects: 2}
  lora: {good_images: 3, defect_images: 2}
  training_sets:
    first: {good: {generated: 4}, defects: {generated: 4}}
    one:   {good: {generated: 4}, defects: {generated: 4}, generate: {select: {of: 1, by: nearest}}}
    three: {good: {generated: 4}, defects: {generated: 4}, generate: {select: {of: 3}}}
    near:  {good: {generated: 4}, defects: {generated: 4}, generate: {select: {of: 2, by: nearest}}}
    cut:   {good: {generated: 4}, defects: {generated: 4}, generate: {method: cutpaste, select: {of: 2, by: nearest}}}
classifier: {weights: lite0}
`

func selectedPlan(t *testing.T) *Plan {
	t.Helper()
	exp := parse(t, selected)
	return build(t, exp, selectedInputs(t))
}

func selectedInputs(t *testing.T) Inputs {
	t.Helper()
	in := methodInputs(t, parse(t, selected))
	in.Weights["lite0"] = &model.Weights{Name: "lite0"}
	return in
}

// TestCandidates: the first candidates are the images that are made where nothing is chosen,
// further ones differ in their seeds alone, and all that choose share them.
func TestCandidates(t *testing.T) {
	p := selectedPlan(t)
	of := func(condition, class string) *Task { return generatedOf(find(t, p, condition, 0).Classify)[class] }
	for _, class := range []string{"good", "crack"} {
		first, three, near := of("first", class), of("three", class), of("near", class)
		if of("one", class) != first || first.ChosenBy() != "" || len(first.Candidates()) != 1 {
			t.Errorf("%s: 1 of 1 is chosen", class)
		}
		if three.ChosenBy() != "1 of 3, by change" || near.ChosenBy() != "1 of 2, by nearest" {
			t.Errorf("%s: %q and %q", class, three.ChosenBy(), near.ChosenBy())
		}
		candidates := three.Candidates()
		if len(candidates) != 3 || candidates[0] != first || !slices.Equal(near.Candidates(), candidates[:2]) || !slices.Equal(three.Needs, candidates) {
			t.Errorf("%s: candidates are not shared", class)
		}
		spec, seeds := first.Spec.(stage.Generate), []int64{}
		for _, task := range candidates {
			other := task.Spec.(stage.Generate)
			seeds = append(seeds, other.Seed)
			if other.Seed = spec.Seed; task.Key == first.Key != (task == first) || !sameKey(t, other, spec) {
				t.Errorf("%s: a candidate differs in more than its seed", class)
			}
		}
		if slices.Sort(seeds); len(slices.Compact(seeds)) != 3 {
			t.Errorf("%s: two candidates of one seed", class)
		}
		if three.LoRA() == nil || three.LoRA() != first.LoRA() || three.Made().Count != 4+HeldOut {
			t.Errorf("%s: made with %v", class, three.LoRA())
		}
	}
}

func sameKey(t *testing.T, a, b stage.Spec) bool {
	t.Helper()
	one, err := stage.Key(a, 1)
	other, wrong := stage.Key(b, 1)
	if err = errors.Join(err, wrong); err != nil {
		t.Fatal(err)
	}
	return one == other
}

// TestGuides: images are compared with photos that train the class's LoRA, or would, and with
// good ones; images of good parts the other way round. Both are inputs of the choice.
func TestGuides(t *testing.T) {
	p := selectedPlan(t)
	for _, condition := range []string{"near", "cut"} {
		made := generatedOf(find(t, p, condition, 0).Classify)
		crack, good := made["crack"].Spec.(stage.Choose), made["good"].Spec.(stage.Choose)
		train := func(class string, n int) (names []string) {
			for _, img := range p.Division.Train[class][:n] {
				names = append(names, img.Name)
			}
			return names
		}
		if got := namesOf(t, p, crack.Photos); !slices.Equal(got, train("crack", 2)) || !slices.Equal(namesOf(t, p, crack.Others), train("good", 3)) {
			t.Errorf("%s: images of crack are to be like %q", condition, got)
		}
		if both := inTurn([][]string{train("crack", 2), train("cut", 2)}); !slices.Equal(namesOf(t, p, good.Others), both) || !slices.Equal(good.Photos, crack.Others) {
			t.Errorf("%s: images of good parts are held against %q", condition, namesOf(t, p, good.Others))
		}
		if crack.Opens() != "name:lite0" || len(crack.Calibration) == 0 || len(crack.Sources) > 0 {
			t.Errorf("%+v", crack)
		}
		if reached := p.lineage(find(t, p, condition, 0).Classify); reached[p.Division.Train["crack"][1].SHA256] == "" {
			t.Errorf("%s: guides are not in the lineage", condition)
		}
	}
	roles := map[stage.Role]int{}
	for _, photo := range p.Roles() {
		for _, use := range photo.Roles {
			if roles[use.Role]++; use.Role == stage.Guide && !slices.Equal(use.Cells, []string{"near", "cut"}) {
				t.Errorf("%s guides in %q", photo.Photo, use.Cells)
			}
		}
	}
	if roles[stage.Guide] != 3+2+2 {
		t.Errorf("%d photos guide", roles[stage.Guide])
	}
}

// TestGuideLeaks: a tested photo chooses no training image, not even where nothing is made
// from it.
func TestGuideLeaks(t *testing.T) {
	in := selectedInputs(t)
	leaked := in.Division.Test["crack"][0]
	in.Division.Train["crack"][1] = leaked
	exp := parse(t, selected)
	exp.Conditions.TrainingSets = exp.Conditions.TrainingSets[4:]
	_, err := Build(exp, in)
	var leak *LeakError
	if !errors.As(err, &leak) || len(leak.Images) != 1 || leak.Images[0].SHA256 != leaked.SHA256 {
		t.Errorf("got %v", err)
	}
}
