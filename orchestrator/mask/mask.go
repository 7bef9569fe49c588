// Package mask says which pixels of a photo show a defect, and what follows from
// that. Read looks at a file; everything else is pure.
package mask

import (
	"cmp"
	"encoding/json"
	"fmt"
	"image"
	"slices"
)

// Mask is the pixels of a defect, as runs of each row: masks are mostly empty, and
// what is asked of them takes as long as they have runs.
type Mask struct {
	Width, Height int
	Runs          []Run // by row and then by column; no two touch each other in a row
}

// Run is the pixels From ≤ x < To of row Y.
type Run struct{ Y, From, To int }

// Of takes those pixels of a picture for which at holds.
func Of(width, height int, at func(x, y int) bool) *Mask {
	m := &Mask{Width: width, Height: height}
	for y := range height {
		from := -1 // where the present run began
		for x := range width {
			switch lit := at(x, y); {
			case lit && from < 0:
				from = x
			case !lit && from >= 0:
				m.Runs = append(m.Runs, Run{y, from, x})
				from = -1
			}
		}
		if from >= 0 {
			m.Runs = append(m.Runs, Run{y, from, width})
		}
	}
	return m
}

// Area counts the pixels.
func (m *Mask) Area() int {
	n := 0
	for _, r := range m.Runs {
		n += r.To - r.From
	}
	return n
}

// Bounds is the smallest rectangle that holds all pixels; empty for an empty mask.
func (m *Mask) Bounds() image.Rectangle {
	var box image.Rectangle
	for _, r := range m.Runs {
		box = box.Union(r.box())
	}
	return box
}

func (r Run) box() image.Rectangle { return image.Rect(r.From, r.Y, r.To, r.Y+1) }

// CountIn counts the pixels that lie in a rectangle.
func (m *Mask) CountIn(rect image.Rectangle) int {
	n := 0
	first, _ := slices.BinarySearchFunc(m.Runs, rect.Min.Y, func(r Run, y int) int { return cmp.Compare(r.Y, y) })
	for _, r := range m.Runs[first:] {
		if r.Y >= rect.Max.Y {
			break
		}
		n += max(0, min(r.To, rect.Max.X)-max(r.From, rect.Min.X))
	}
	return n
}

// Union joins masks of one size: what one of them has.
func Union(masks ...*Mask) *Mask {
	if len(masks) == 1 {
		return masks[0]
	}
	joined := &Mask{Width: masks[0].Width, Height: masks[0].Height}
	var all []Run
	for _, m := range masks {
		all = append(all, m.Runs...)
	}
	slices.SortFunc(all, func(a, b Run) int { return cmp.Or(cmp.Compare(a.Y, b.Y), cmp.Compare(a.From, b.From)) })
	for _, r := range all {
		if last := len(joined.Runs) - 1; last >= 0 && joined.Runs[last].Y == r.Y && joined.Runs[last].To >= r.From {
			joined.Runs[last].To = max(joined.Runs[last].To, r.To)
			continue
		}
		joined.Runs = append(joined.Runs, r)
	}
	return joined
}

// written is a mask in a file: its runs as row, first column and the one after the last,
// one after another.
type written struct {
	Width  int   `json:"width"`
	Height int   `json:"height"`
	Runs   []int `json:"runs"`
}

// MarshalJSON implements json.Marshaler.
func (m *Mask) MarshalJSON() ([]byte, error) {
	w := written{m.Width, m.Height, make([]int, 0, 3*len(m.Runs))}
	for _, r := range m.Runs {
		w.Runs = append(w.Runs, r.Y, r.From, r.To)
	}
	return json.Marshal(w)
}

// UnmarshalJSON implements json.Unmarshaler.
func (m *Mask) UnmarshalJSON(text []byte) error {
	var w written
	if err := json.Unmarshal(text, &w); err != nil {
		return err
	}
	if len(w.Runs)%3 != 0 {
		return fmt.Errorf("%d numbers are no runs", len(w.Runs))
	}
	*m = Mask{Width: w.Width, Height: w.Height}
	for i := 0; i < len(w.Runs); i += 3 {
		m.Runs = append(m.Runs, Run{w.Runs[i], w.Runs[i+1], w.Runs[i+2]})
	}
	return nil
}

// LargestIn is how many pixels the largest component of what lies in a rectangle has: a speck
// beside a defect is none. Components are 8-connected: pixels that touch at a corner hang together.
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
