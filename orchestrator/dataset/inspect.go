package dataset

import (
	"cmp"
	"slices"
)

// Inspection is everything that can be said of a folder's images, whatever is
// wrong with them.
type Inspection struct {
	Set      *Set             // of the images that can be read
	Forms    map[string][]int // how many images of each class have each of Kinds
	Kinds    []Form           // sizes and modes, the most frequent first
	Problems []error          // files that cannot be read, pictures in two classes

	MaskProblems []error // what is wrong with masks, if that is no problem since nothing needs them
}

// Inspect is Scan for people: where Scan stops at a mistake, it lists all.
func (s Scanner) Inspect(folder Folder) (*Inspection, error) {
	found, problems, err := s.look(folder)
	if err != nil {
		return nil, err
	}
	in := &Inspection{Forms: map[string][]int{}}
	if in.MaskProblems, err = s.addMasks(found, folder.Classes); err != nil {
		return nil, err
	}
	counts := map[Form]map[string]int{}
	var readable []Image
	for i, img := range found.images {
		if problems[i] != nil {
			in.Problems = append(in.Problems, problems[i])
			continue
		}
		readable = append(readable, img)
		form := img.Picture.form()
		if counts[form] == nil {
			counts[form] = map[string]int{}
		}
		counts[form][img.Class]++
	}
	in.count(counts, folder.Classes)
	if folder.Masks.Needed {
		in.Problems, in.MaskProblems = append(in.Problems, in.MaskProblems...), nil
	}
	var twice []error
	in.Set, twice = found.unique(readable)
	s.describes(in.Set)
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
