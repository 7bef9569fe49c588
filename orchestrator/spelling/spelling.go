// Package spelling guesses what a mistyped name was meant to be.
package spelling

import "strings"

// Nearest is the candidate that a mistyped name was most likely meant to be: at most a third of its
// letters, and never more than two, are other, missing, added or swapped with their neighbour, or
// it is the beginning of one candidate alone. "" if there is none.
func Nearest(name string, candidates []string) string {
	best, least := "", min(2, len(name)/3)+1
	for _, candidate := range candidates {
		if d := distance(name, candidate); d < least && d > 0 {
			best, least = candidate, d
		}
	}
	if best != "" || len(name) < 3 {
		return best
	}
	for _, candidate := range candidates {
		if strings.HasPrefix(candidate, name) && candidate != name {
			if best != "" {
				return ""
			}
			best = candidate
		}
	}
	return best
}

// distance is the optimal string alignment distance of two names in bytes: the least number of
// letters replaced, left out, added or swapped with their neighbour.
func distance(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			other := 1
			if a[i-1] == b[j-1] {
				other = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+other)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
