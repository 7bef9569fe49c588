package execute

import (
	"fmt"

	"kizu/orchestrator/stage"
)

// more doubles the number of parts in which a task computes each of its batches,
// parts or at first its own; 0 says that there are no smaller ones.
func more(spec stage.Spec, parts int) int {
	images, own := spec.Batch()
	if parts = max(1, own, parts); parts >= images {
		return 0
	}
	return min(2*parts, images)
}

// less is what can be changed where memory does not suffice for a task that has
// a worker for itself and computes one image at a time, or cannot be divided.
func less(spec stage.Spec) string {
	return fmt.Sprintf("memory does not suffice, though nothing else was loaded: use %s, or a device with more memory", spec.Smaller())
}
