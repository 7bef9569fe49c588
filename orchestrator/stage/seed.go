package stage

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// Seed derives a task's seed from the experiment's seed and what the task is:
// the first 63 bits of a SHA-256.
func Seed(seed int64, parts ...string) int64 {
	text := fmt.Appendf(nil, "seed %d", seed)
	for _, part := range parts {
		text = append(append(text, 0), part...)
	}
	sum := sha256.Sum256(text)
	return int64(binary.BigEndian.Uint64(sum[:]) >> 1)
}
