package execute

import (
	"fmt"

	"kizu/orchestrator/plan"
)

// measured is how many images measure takes at once, at most; see
// scripts/classifier.py.
const measured = 64

// more doubles the number of parts in which a task computes each of its batches,
// parts or at first its own; 0 says that there are no smaller ones. A
// classifier's batch norm makes its batch part of the result.
func more(task *plan.Task, parts int) int {
	samples := 1
	switch spec := task.Spec.(type) {
	case plan.TrainLoRA:
		parts, samples = max(parts, spec.GradientAccumulation), spec.BatchSize
		if len(spec.Class.Images) > 0 {
			samples *= 2
		}
	case plan.Generate:
		samples = spec.BatchSize
	case plan.Measure:
		samples = min(measured, spec.Measured())
	}
	parts = max(1, parts)
	if parts >= samples {
		return 0
	}
	return min(2*parts, samples)
}

// inParts says in a stage's words in how many parts it computes a batch: a
// training accumulates the gradients of the parts, and images do not depend on
// those beside them.
func inParts(task *plan.Task, parts int) map[string]any {
	if parts == 0 {
		return nil
	}
	switch spec := task.Spec.(type) {
	case plan.TrainLoRA:
		return map[string]any{"gradient_accumulation": parts}
	case plan.Generate:
		return map[string]any{"batch_size": (spec.BatchSize + parts - 1) / parts}
	case plan.Measure:
		return map[string]any{"parts": parts}
	}
	return nil
}

// less is what can be changed where memory does not suffice for a task that has
// a worker for itself and computes one sample at a time, or cannot be divided.
func less(task *plan.Task) string {
	var change string
	switch task.Spec.(type) {
	case plan.TrainLoRA:
		change = "a smaller lora.resolution or rank, lora.precision bf16 or lora.gradient_checkpointing"
	case plan.Generate:
		change = "a smaller lora.resolution or generate.precision bf16"
	case plan.Autoencode:
		change = "a smaller lora.resolution"
	case plan.Classify:
		change = "a smaller classifier.batch_size or resolution, or classifier.precision bf16"
	default:
		change = "a smaller model"
	}
	return fmt.Sprintf("memory does not suffice, though nothing else was loaded: use %s, or a device with more memory", change)
}
