package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Digest is equal for plans of the same tasks: a worker makes sure by it that it
// does what it was submitted for.
func (p *Plan) Digest() string {
	hash := sha256.New()
	for _, task := range p.Tasks {
		fmt.Fprintln(hash, task.Kind, task.Key)
	}
	return hex.EncodeToString(hash.Sum(nil)[:16])
}

// Width is how many of the tasks that are to be run can be at work at once, as
// far as that is known beforehand: the most that are equally many steps away
// from what the store has.
func (p *Plan) Width() int {
	depths, counts, width := map[*Task]int{}, map[int]int{}, 0
	for _, task := range p.ToRun() {
		for _, need := range task.Needs {
			if !need.Reuse {
				depths[task] = max(depths[task], depths[need]+1)
			}
		}
		counts[depths[task]]++
		width = max(width, counts[depths[task]])
	}
	return width
}
