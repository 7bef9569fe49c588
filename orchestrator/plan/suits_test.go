package plan

import (
	"encoding/binary"
	"os"
	"path/filepath"
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

// TestTargetIsThere: a LoRA on layers that the base model does not have is refused before anything
// is computed, if the model is there to be looked at.
func TestTargetIsThere(t *testing.T) {
	dir := t.TempDir()
	header := `{"layers.0.attention.to_q.weight": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}}`
	file := append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...)
	if err := os.Mkdir(filepath.Join(dir, "transformer"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "transformer", "model.safetensors"), append(file, make([]byte, 16)...), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, target, want string }{
		{dir, "attention", ""},
		{dir, "to_q+attention.to_q", ""},
		{dir, "to_q+attn2.to_k", "lora.target: base model tiny has no layer whose name ends in attn2.to_k: use attention"},
		{"", "attn2.to_k", ""}, // nobody knows
	} {
		exp := parse(t, strings.Replace(small, "rank: 2", "rank: 2, target: "+c.target, 1))
		in := smallInputs(t, exp)
		in.Base.Family, in.Base.Path = &model.Family{Components: []string{"transformer"}}, c.path
		_, err := Build(exp, in)
		if c.want != "" {
			fails(t, err, c.want)
		} else if err != nil {
			t.Errorf("%s: %v", c.target, err)
		}
	}
}
