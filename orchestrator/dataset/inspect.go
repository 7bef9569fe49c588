package dataset

import (
	"cmp"
	"fmt"
	"slices"
)

// Inspection is everything that can be said of a folder's images, whatever is
// wrong with them.
type Inspection struct {
	Set      *Set             // of the images that can be read
	Forms    map[string][]int // how many images of each class have each of Kinds
	Kinds    []Form           // sizes and modes, the most frequent first
	Problems []error          // files that cannot be read, pictures in two classes
}

// Inspect is Scan with every image decoded: where Scan stops at the first
// mistake, it lists all.
func (h *Hashes) Inspect(format, folder string, classes []string) (*Inspection, error) {
	found, err := find(format, folder, classes)
	if err != nil {
		return nil, err
	}
	images := found.images
	in := &Inspection{Forms: map[string][]int{}}
	hashed := h.all(images)
	if err := h.context().Err(); err != nil {
		return nil, err
	}
	forms, decoded := decodeAll(images)
	counts := map[Form]map[string]int{}
	var readable []Image
	for i, img := range images {
		if problem := cmp.Or(hashed[i], decoded[i]); problem != nil {
			in.Problems = append(in.Problems, problem)
			continue
		}
		readable = append(readable, img)
		if counts[forms[i]] == nil {
			counts[forms[i]] = map[string]int{}
		}
		counts[forms[i]][img.Class]++
	}
	in.count(counts, classes)
	var twice []error
	in.Set, twice = found.unique(readable)
	in.Problems = append(in.Problems, twice...)
	return in, nil
}

// count orders the forms and counts them by class.
func (in *Inspection) count(counts map[Form]map[string]int, classes []string) {
	total := map[Form]int{}
	for form, byClass := range counts {
		in.Kinds = append(in.Kinds, form)
		for _, n := range byClass {
			total[form] += n
		}
	}
	slices.SortFunc(in.Kinds, func(a, b Form) int {
		return cmp.Or(cmp.Compare(total[b], total[a]), cmp.Compare(a.String(), b.String()))
	})
	for _, class := range classes {
		for _, form := range in.Kinds {
			in.Forms[class] = append(in.Forms[class], counts[form][class])
		}
	}
}

func (f Form) String() string { return fmt.Sprintf("%d×%d %s", f.Width, f.Height, f.Mode) }
