package plan

import (
	"strings"
	"testing"

	"kizu/orchestrator/stage"
)

// TestModesReachTheTrainings: what a file says of regularization is what its
// trainings are counted by.
func TestModesReachTheTrainings(t *testing.T) {
	for mode, want := range map[string]stage.Uses{ // of 3 good images by 4 defect images in 10 steps
		"exact":             {Given: 3, Distinct: 3, Min: 3, Max: 4},
		"kohya, repeats: 1": {Given: 3, Distinct: 3, Min: 1, Max: 4}, // one epoch of 8: the first twice, the others once
		"diffusers":         {Given: 3, Distinct: 3, Min: 2, Max: 6}, // two epochs of 4: the first twice in each
	} {
		exp := parse(t, strings.Replace(small, "lora: {", "lora: {regularization: "+mode+", ", 1))
		p := build(t, exp, smallInputs(t, exp))
		spec := find(t, p, "4 defect, 3 regularization", 0).Train.Spec.(stage.TrainLoRA)
		got := spec.Exposures()
		if got.Steps != 10 || got.Class.Given != want.Given || got.Class.Distinct != want.Distinct || got.Class.Min < want.Min || got.Class.Max > want.Max {
			t.Errorf("%s: %+v, want about %+v", mode, got, want)
		}
		if (spec.Repeats != 0) != (spec.Regularization == stage.Kohya) {
			t.Errorf("%s: repeats %d", mode, spec.Repeats)
		}
	}
}
