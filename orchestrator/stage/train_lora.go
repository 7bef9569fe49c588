package stage

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"kizu/orchestrator/experiment"
)

// KindTrainLoRA is the kind of its tasks.
const KindTrainLoRA = "train_lora"

// Prompted is a set of images that share a prompt. Where there are masks, the loss goes by
// them: each image has those of its defect, in one file or more.
type Prompted struct {
	Prompt string  `json:"prompt"`
	Images []Ref   `json:"images"`
	Masks  [][]Ref `json:"masks,omitempty"`
}

// TrainLoRA asks for a DreamBooth LoRA (Ruiz et al., arXiv 2208.12242; Hu et
// al., arXiv 2106.09685).
type TrainLoRA struct {
	Base       Ref      `json:"base"`
	Seed       int64    `json:"seed"`
	Resolution int      `json:"resolution"`
	Instance   Prompted `json:"instance"`
	Class      Prompted `json:"class"` // regularization images
	Steps      int      `json:"steps"`

	Rendering

	experiment.LoRATraining

	shared string // Shared, where it is known
}

// Kind and the methods below implement Spec.
func (TrainLoRA) Kind() string { return KindTrainLoRA }

func (s TrainLoRA) Resolve(f func(Ref) Ref) Spec {
	s.Base = f(s.Base)
	s.Instance.Images = mapped(s.Instance.Images, f)
	s.Instance.Masks = mappedAll(s.Instance.Masks, f)
	s.Class.Images = mapped(s.Class.Images, f)
	return s
}

func (s TrainLoRA) Reads() []Reading {
	list := []Reading{
		{Instance, "learnt as “" + s.Instance.Prompt + "”", slices.Values(s.Instance.Images)},
		{Regularization, "learnt as “" + s.Class.Prompt + "”", slices.Values(s.Class.Images)},
	}
	if masks := slices.Concat(s.Instance.Masks...); len(masks) > 0 {
		list = append(list, Reading{Mask, "show where “" + s.Instance.Prompt + "” is learnt", slices.Values(masks)})
	}
	return list
}

func (s TrainLoRA) Opens() Ref    { return s.Base }
func (s TrainLoRA) Keeps() string { return string(s.Base) + " " + s.Precision }

// GroupKey implements Spec: the samples of all pass through one base model.
func (s TrainLoRA) GroupKey() string {
	return fmt.Sprint(s.Kind(), s.Base, s.Precision, s.Resolution, s.TextEncoder, s.GradientCheckpointing)
}

func (s TrainLoRA) Effort() float64 {
	images := s.BatchSize
	if len(s.Class.Images) > 0 && s.Regularization != Kohya {
		images *= 2
	}
	return float64(3 * s.Steps * images) // forward and backward
}

// What a LoRA of Stable Diffusion 1.5 has for each rank: the layers that it
// adapts times their widths, counted in the UNet's published configuration. It is
// what is said where the base model is not there to be looked at.
const (
	attentionWidth = 200_000 // to_q, to_k, to_v and to_out of all attention layers
	convWidth      = 700_000 // and the 3×3 convolutions of its residual blocks
	// Weights for diffusers, for other programs and of the optimizer, in float32; its
	// state is beside them.
	bytesPerParameter = 3 * 4
)

func (s TrainLoRA) Output() Output {
	width := int64(convWidth)
	if s.Target == "attention" {
		width = attentionWidth
	}
	return Output{LoRAs: 1, LoRABytes: s.Bytes(width)}
}

// Bytes is what a LoRA takes whose layers have so many numbers for each rank.
func (s TrainLoRA) Bytes(width int64) int64 {
	return int64(s.Rank) * width * int64(bytesPerParameter+experiment.Optimizers[s.Optimizer])
}

// Layers are the ends of the names of the denoiser's layers that the LoRA is on, as
// scripts/diffusion/families has them; attention those of a family that is no UNet.
func (s TrainLoRA) Layers(attention []string) (ends []string) {
	for _, word := range strings.Split(s.Target, "+") {
		switch layers, ok := targets[word]; {
		case word == "attention" && attention != nil:
			ends = append(ends, attention...)
		case ok:
			ends = append(ends, layers...)
		}
	}
	return append(ends, s.Named()...)
}

// targets are the words for layers of a UNet.
var targets = map[string][]string{"attention": {"to_q", "to_k", "to_v", "to_out.0"}, "conv": {"conv1", "conv2", "conv_shortcut"}}

// Named are those ends of the layers' names that the target itself has.
func (s TrainLoRA) Named() []string {
	return slices.DeleteFunc(strings.Split(s.Target, "+"), func(word string) bool { return targets[word] != nil })
}

func (s TrainLoRA) Batch() (images, pieces int) {
	images = s.BatchSize
	if len(s.Class.Images) > 0 {
		images *= 2
	}
	return images, max(1, s.GradientAccumulation)
}

// InPieces implements Spec: the gradients of the pieces are accumulated.
func (TrainLoRA) InPieces(pieces int) map[string]any {
	return map[string]any{"gradient_accumulation": pieces}
}

func (TrainLoRA) Smaller() string {
	return "a smaller lora.resolution or rank, lora.precision bf16 or lora.gradient_checkpointing"
}

func (TrainLoRA) Curve() string { return "losses.csv" }

// RandomSeed implements Seeded.
func (s TrainLoRA) RandomSeed() int64 { return s.Seed }

// StepCount implements Stepped.
func (s TrainLoRA) StepCount() int { return s.Steps }

// ChainKey and the methods below implement Chained.
func (s TrainLoRA) ChainKey(version int) string {
	if !s.continues() {
		return ""
	}
	if s.shared == "" {
		s.shared = s.share(version)
	}
	return fmt.Sprint(s.shared, " ", s.Seed)
}

func (s TrainLoRA) Whole() string {
	if s.continues() {
		return ""
	}
	return fmt.Sprintf("the %s schedule depends on the number of steps", s.Schedule)
}

// continues says whether the first steps of a training are a training of that
// many steps: whether its learning rate goes by the step alone.
func (s TrainLoRA) continues() bool { return experiment.Schedules[s.Schedule].Continues }

// Shared returns a copy that knows what its recipe has in common with those at
// other seeds, which then is hashed once for all of them.
func (s TrainLoRA) Shared(version int) TrainLoRA {
	s.shared = s.share(version)
	return s
}

// share hashes the identity of a training without its number of steps and seed.
func (s TrainLoRA) share(version int) string {
	s.Steps, s.Seed = 0, 0
	sum, _ := hashOf(identity[TrainLoRA]{s.Kind(), version, s}) // as for every key
	return sum
}

// ChainKeyOf returns the chain key and the number of steps in the identity of a
// training, as an artifact's manifest has it.
func ChainKeyOf(text json.RawMessage) (key string, steps int) {
	var id identity[TrainLoRA]
	if err := json.Unmarshal(text, &id); err != nil {
		return "", 0
	}
	return id.Spec.ChainKey(id.Version), id.Spec.Steps
}
