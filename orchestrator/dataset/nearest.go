package dataset

import (
	"cmp"
	"slices"
)

// nearest chooses some groups, the first that will do, so that their images are as
// many as wanted, or as near to that as whole groups allow; of two numbers that are
// as near, the larger.
func nearest(groups []group, want int) []bool {
	total := 0
	for _, g := range groups {
		total += len(g.images)
	}
	if total == len(groups) { // each has one
		chosen := make([]bool, len(groups))
		for i := range min(want, len(chosen)) {
			chosen[i] = true
		}
		return chosen
	}
	most := min(total, 2*want) // nothing at all is as near as more than that
	// reach[i][n] is whether the groups from i on can have n images.
	reach := make([][]bool, len(groups)+1)
	reach[len(groups)] = make([]bool, most+1)
	reach[len(groups)][0] = true
	for i := len(groups) - 1; i >= 0; i-- {
		reach[i] = slices.Clone(reach[i+1])
		for n := len(groups[i].images); n <= most; n++ {
			reach[i][n] = reach[i][n] || reach[i+1][n-len(groups[i].images)]
		}
	}
	var sums []int
	for n, can := range reach[0] {
		if can {
			sums = append(sums, n)
		}
	}
	left := slices.MinFunc(sums, func(a, b int) int {
		return cmp.Or(cmp.Compare(distanceTo(want, a), distanceTo(want, b)), cmp.Compare(b, a))
	})
	chosen := make([]bool, len(groups))
	for i, g := range groups {
		if n := len(g.images); n <= left && reach[i+1][left-n] {
			chosen[i], left = true, left-n
		}
	}
	return chosen
}

func distanceTo(want, n int) int { return max(want-n, n-want) }
