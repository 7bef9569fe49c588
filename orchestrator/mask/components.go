package mask

import "image"

// Component is pixels of a mask that hang together.
type Component struct {
	Area int
	Box  image.Rectangle
}

// Components are the 8-connected parts of a mask, in the order of their first pixels:
// pixels that touch at a corner hang together.
func (m *Mask) Components() []Component {
	parent := make([]int, len(m.Runs)) // of each run, towards the first of its component
	for i := range parent {
		parent[i] = i
	}
	m.touching(func(a, b int) {
		a, b = root(parent, a), root(parent, b)
		parent[max(a, b)] = min(a, b)
	})
	var list []Component
	number := map[int]int{} // of a component in the list, by its first run
	for i, r := range m.Runs {
		first := root(parent, i)
		n, known := number[first]
		if !known {
			n = len(list)
			number[first] = n
			list = append(list, Component{})
		}
		list[n].Area += r.To - r.From
		list[n].Box = list[n].Box.Union(r.box())
	}
	return list
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
