package dataset

import (
	"cmp"
	"math"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"
)

// Pair is two photos that may show the same thing.
type Pair struct {
	Photo, Other Image
	Correlation  float64 // of their descriptors where they fit best, at most 1
}

// What makes two photos alike. docs/results.md says what is found with these numbers,
// and how often photos are taken for alike that are not.
const (
	// standsOut is by how many standard errors the best correlation surpasses the usual
	// one with those photos that are most alike. Photos of one product are all alike, and
	// then none stands out.
	standsOut = 12
	atLeast   = 0.6 // correlation, or else two photos have little in common

	// mostAlike photos are looked at closely, or one in oneIn if those are more. Up to
	// half of them may show the same thing, and it still stands out.
	mostAlike = 20
	oneIn     = 50
)

// Similar is Similar of images of the set.
func (s *Set) Similar(photos, others []Image) []Pair {
	return Similar(s.described(photos), s.described(others))
}

// Similar finds for each photo the other that is most like it, and lists those pairs
// that may show one thing, the most alike first: copies that were encoded anew, resized,
// mirrored, turned by quarters, shifted a little or made brighter, and second photos of
// a part. Photos that were never read are like no other.
func Similar(photos, others []Image) []Pair {
	var known []looked
	for i, img := range others {
		if d := descriptorOf(img); d != nil {
			known = append(known, looked{i, d, d.outline(0, 0)})
		}
	}
	found := make([][]Pair, len(photos))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, photo := range photos {
		group.Go(func() error {
			if d := descriptorOf(photo); d != nil {
				if best, correlation := d.nearest(known); best >= 0 {
					found[i] = []Pair{{photo, others[best], correlation}}
				}
			}
			return nil
		})
	}
	_ = group.Wait() // none fails
	pairs := slices.Concat(found...)
	slices.SortStableFunc(pairs, func(a, b Pair) int { return cmp.Compare(b.Correlation, a.Correlation) })
	return pairs
}

// looked is a photo that others are compared with.
type looked struct {
	image int
	*descriptor
	outline outline
}

// candidate is one that may be most alike.
type candidate struct {
	index    int // of the photo that was looked at
	way      int // in which they are most alike
	distance int
}

// nearest finds the image that is most like this one, if it stands out among those that
// are alike; −1 if there is none. All are compared by their outlines first, which takes
// a hundredth of the time.
func (d *descriptor) nearest(known []looked) (image int, correlation float64) {
	turned, sketches := d.sketches()
	candidates := make([]candidate, len(known))
	for i := range known {
		candidates[i] = candidate{i, 0, math.MaxInt}
		for _, s := range sketches {
			if distance := s.outline.distance(&known[i].outline); distance < candidates[i].distance {
				candidates[i].way, candidates[i].distance = s.way, distance
			}
		}
	}
	slices.SortFunc(candidates, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.index, b.index))
	})
	candidates = candidates[:min(len(candidates), max(mostAlike, len(candidates)/oneIn))]
	image, correlation = -1, atLeast
	var all []float64
	values := 0.0 // that a picture has which are independent
	for _, c := range candidates {
		other := known[c.index]
		likeness := turned[c.way].correlation(other.descriptor)
		if all = append(all, likeness); likeness > correlation {
			image, correlation, values = other.image, likeness, min(d.spread(), other.spread())
		}
	}
	usual := 0.0
	if slices.Sort(all); len(all) > 1 {
		usual = all[(len(all)-1)/2]
	}
	// The standard error of Fisher's z is 1/√(n − 3).
	if image < 0 || (fisher(correlation)-fisher(usual))*math.Sqrt(max(0, values-3)) < standsOut {
		return -1, 0
	}
	return image, correlation
}

// sketch is an outline by which a picture is looked for.
type sketch struct {
	way     int
	outline outline
}

// sketches are the picture in every way, and as it is when shifted a little.
func (d *descriptor) sketches() (turned [ways]*descriptor, list []sketch) {
	for way := range turned {
		turned[way] = d.turned(way)
		list = append(list, sketch{way, turned[way].outline(0, 0)})
	}
	for y := -1; y <= 1; y++ {
		for x := -1; x <= 1; x++ {
			if x != 0 || y != 0 {
				list = append(list, sketch{0, d.outline(x, y)})
			}
		}
	}
	return turned, list
}

// fisher is Fisher's transformation of a correlation, kept finite.
func fisher(correlation float64) float64 {
	const most = 0.999
	return math.Atanh(max(-most, min(correlation, most)))
}

// nearest chooses some groups, the first that will do, so that their images are as many as wanted,
// or as near to that as whole groups allow; of two numbers that are as near, the larger.
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
