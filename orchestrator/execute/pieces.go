package execute

import (
	"fmt"

	"kizu/orchestrator/stage"
)

// more doubles the number of pieces in which a task computes each of its batches,
// pieces or at first its own; 0 says that there are no smaller ones.
func more(spec stage.Spec, pieces int) int {
	images, own := spec.Batch()
	if pieces = max(1, own, pieces); pieces >= images {
		return 0
	}
	return min(2*pieces, images)
}

// less is what can be changed where memory does not suffice for a task that has
// a worker for itself and computes one image at a time, or cannot be divided.
func less(spec stage.Spec) string {
	return fmt.Sprintf("memory does not suffice, though nothing else was loaded: use %s, or a device with more memory", spec.Smaller())
}
