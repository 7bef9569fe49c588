package dataset

import (
	"fmt"
	"slices"
)

// mixture is parts that show several classes, and the others: which of them are tested
// on is one question for all classes.
type mixture struct {
	want, got []int // images of each class
	kinds     []*kind
}

// kind is the parts that have as many images of each class as each other.
type kind struct {
	images []int    // of each class
	parts  []string // in the order in which they are chosen
	chosen int
}

// mixed is nil where no part shows several classes.
func (c *choice) mixed() *mixture {
	counts, order := map[string][]int{}, []string(nil)
	several := false
	for i := range c.classes {
		for _, g := range c.free[i] {
			if counts[g.part] == nil {
				counts[g.part] = make([]int, len(c.classes))
				order = append(order, g.part)
			} else {
				several = true
			}
			counts[g.part][i] = len(g.images)
		}
	}
	if !several {
		return nil
	}
	m := &mixture{got: make([]int, len(c.classes))}
	for i := range c.classes {
		m.want = append(m.want, c.want(i))
	}
	byCounts := map[string]*kind{}
	for _, part := range order {
		text := fmt.Sprint(counts[part])
		if byCounts[text] == nil {
			byCounts[text] = &kind{images: counts[part]}
			m.kinds = append(m.kinds, byCounts[text])
		}
		byCounts[text].parts = append(byCounts[text].parts, part)
	}
	return m
}

// nearer starts from a choice of parts and adds and takes away one or two at a time, for
// as long as that is nearer to what is wanted.
func (m *mixture) nearer(tested map[string]bool) map[string]bool {
	for _, k := range m.kinds {
		for _, part := range k.parts {
			if tested[part] {
				m.add(k, 1)
			}
		}
	}
	best := m.distance()
	for found := true; found; {
		found = false
		for a := range 2 * len(m.kinds) {
			for b := range a + 1 { // one twice is a step of two
				for _, moves := range [][]int{{a}, {a, b}} {
					m.move(moves, 1)
					if now := m.distance(); m.possible() && slices.Compare(now, best) < 0 {
						best, found = now, true
					} else {
						m.move(moves, -1)
					}
				}
			}
		}
	}
	chosen := map[string]bool{}
	for _, k := range m.kinds {
		for _, part := range k.parts[:k.chosen] {
			chosen[part] = true
		}
	}
	return chosen
}

// move adds a part of a kind for each even number, and takes one away for each odd one;
// back is 1, or −1 to undo it.
func (m *mixture) move(moves []int, back int) {
	for _, n := range moves {
		m.add(m.kinds[n/2], back*(1-n%2*2))
	}
}

func (m *mixture) add(k *kind, parts int) {
	k.chosen += parts
	for class, n := range k.images {
		m.got[class] += parts * n
	}
}

func (m *mixture) possible() bool {
	return !slices.ContainsFunc(m.kinds, func(k *kind) bool { return k.chosen < 0 || k.chosen > len(k.parts) })
}

// distance is how far the choice is from what is wanted: the sum over classes of the
// images too many or too few, as millionths of those that are wanted; and, since of two
// choices that are as near the larger is better, how few images it has.
func (m *mixture) distance() []int {
	far, few := 0, 0
	for class, want := range m.want {
		far += distanceTo(want, m.got[class]) * 1_000_000 / max(want, 1)
		few -= m.got[class]
	}
	return []int{far, few}
}
