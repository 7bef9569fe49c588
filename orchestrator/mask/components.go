package mask

import (
	"image"
	"slices"
)

// LargestIn is how many pixels the largest component of what lies in a rectangle has: a
// speck beside a defect is none. Components are 8-connected: pixels that touch at a corner
// hang together.
func (m *Mask) LargestIn(rect image.Rectangle) int {
	clipped := &Mask{Width: m.Width, Height: m.Height}
	for _, r := range m.Runs {
		if box := r.box().Intersect(rect); !box.Empty() {
			clipped.Runs = append(clipped.Runs, Run{r.Y, box.Min.X, box.Max.X})
		}
	}
	return slices.Max(append(clipped.components(), 0))
}

// components counts the pixels of each component, at the place of its first run among the
// runs; at the others there is 0.
func (m *Mask) components() []int {
	parent := make([]int, len(m.Runs)) // of each run, towards the first of its component
	for i := range parent {
		parent[i] = i
	}
	m.touching(func(a, b int) {
		a, b = root(parent, a), root(parent, b)
		parent[max(a, b)] = min(a, b)
	})
	areas := make([]int, len(m.Runs))
	for i, r := range m.Runs {
		areas[root(parent, i)] += r.To - r.From
	}
	return areas
}

// touching calls f with every two runs of neighbouring rows that touch each other.
func (m *Mask) touching(f func(a, b int)) {
	above := 0 // the first run that may touch this one or one after it
	for i, r := range m.Runs {
		for above < i && (m.Runs[above].Y < r.Y-1 || m.Runs[above].Y == r.Y-1 && m.Runs[above].To < r.From) {
			above++
		}
		for j := above; j < i && m.Runs[j].Y == r.Y-1 && m.Runs[j].From <= r.To; j++ {
			f(j, i)
		}
	}
}

// root is the first run of a component; the ways that led there get shorter.
func root(parent []int, i int) int {
	for parent[i] != i {
		parent[i] = parent[parent[i]]
		i = parent[i]
	}
	return i
}
