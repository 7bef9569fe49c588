package plan

import (
	"strings"
	"testing"

	"kizu/orchestrator/model"
	"kizu/orchestrator/stage"
)

// TestFlowMatching: what means nothing to a base model that learns by flow matching is
// refused, with its place where the file's own section has it, and its steps are counted as
// diffusers counts them.
func TestFlowMatching(t *testing.T) {
	flow := &model.Family{Components: []string{"transformer"}, Flow: true, Samplers: []string{"flow-euler"}}
	of := func(settings string) string {
		return strings.Replace(small, "strength: 0.5", settings+"strength: 0.55", 1)
	}
	for text, want := range map[string][]string{
		of(""):                      nil,
		of("sampler: flow-euler, "): nil,
		of("sampler: ddim, "):       {"test.yaml:6:21: ", "generate.sampler: base model tiny is sampled otherwise than by ddim: use base, flow-euler"},
		of("method: reference, "):   {"generate.method: base model tiny has a transformer"},
		strings.Replace(small, "steps: [", "min_snr_gamma: 5, steps: [", 1): {`"4 defect, 3 regularization, min snr gamma 5`, "lora.min_snr_gamma: base model tiny learns by flow matching"},
	} {
		exp := parse(t, text)
		in := smallInputs(t, exp)
		in.Base.Family = flow
		p, err := Build(exp, in)
		if want != nil {
			fails(t, err, want...)
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		generations(p, func(task *Task, spec stage.Generate) {
			if spec.Run != 6 || spec.Effort() != float64(12*spec.Count) {
				t.Errorf("%s runs %d steps of %d", task.Label, spec.Run, spec.Steps)
			}
		})
	}
}
