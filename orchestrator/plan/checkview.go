package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/dataset"
)

// FolderView describes the photos of one class.
type FolderView struct {
	Class string     `json:"class"`
	Found int        `json:"found"` // readable, copies among them
	Forms []FormView `json:"forms"`

	Tested int        `json:"tested"` // as many as whole parts allow
	Masked int        `json:"masked"` // with masks, copies not among them
	Seen   []SeenView `json:"seen,omitempty"`
}

// FormView counts photos of one size and mode.
type FormView struct {
	Width  int    `json:"width"` // in pixels
	Height int    `json:"height"`
	Mode   string `json:"mode"`
	Count  int    `json:"count"`
}

func folderView(class string, found *dataset.Inspection) FolderView {
	view := FolderView{Class: class, Forms: []FormView{}}
	for i, form := range found.Kinds {
		if n := found.Forms[class][i]; n > 0 {
			view.Found += n
			view.Forms = append(view.Forms, FormView{form.Width, form.Height, form.Mode, n})
		}
	}
	return view
}

// Sizes says in a few words what sizes and modes the photos have: "300×300 L", or
// "100–616 × 80–480, mostly 300×300 (412), RGB, 12 L". Numbers are of photos.
func (v FolderView) Sizes() string {
	if len(v.Forms) == 0 {
		return "–"
	}
	sizes, modes := map[string]int{}, map[string]int{}
	first := v.Forms[0]
	narrow, wide, low, high := first.Width, first.Width, first.Height, first.Height
	for _, form := range v.Forms {
		sizes[fmt.Sprintf("%d×%d", form.Width, form.Height)] += form.Count
		modes[form.Mode] += form.Count
		narrow, wide = min(narrow, form.Width), max(wide, form.Width)
		low, high = min(low, form.Height), max(high, form.Height)
	}
	names := commonest(modes)
	for i, name := range names[1:] {
		names[1+i] = fmt.Sprintf("%d %s", modes[name], name)
	}
	inModes, usual := strings.Join(names, ", "), commonest(sizes)[0]
	switch {
	case len(sizes) == 1:
		return usual + " " + inModes
	case sizes[usual] == 1:
		return fmt.Sprintf("%s × %s, no two alike, %s", span(narrow, wide), span(low, high), inModes)
	}
	return fmt.Sprintf("%s × %s, mostly %s (%d), %s", span(narrow, wide), span(low, high), usual, sizes[usual], inModes)
}

// commonest orders what is counted, the most frequent first.
func commonest(counts map[string]int) []string {
	return slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
}

func span(from, to int) string {
	if from == to {
		return fmt.Sprint(from)
	}
	return fmt.Sprintf("%d–%d", from, to)
}

// Tested is how many photos of a class are asked for to test on; false if it is not a
// number that says so.
func (c *Checkup) Tested(class string) (PhotoRequirement, bool) {
	return c.tightest(func(need PhotoRequirement) bool { return need.Class == class && need.Use == testedOn })
}

// Tightest is what a class is asked for, but for testing, by the use that has the fewest
// photos to spare; false if nothing is.
func (c *Checkup) Tightest(class string) (PhotoRequirement, bool) {
	return c.tightest(func(need PhotoRequirement) bool { return need.Class == class && need.Use != testedOn })
}

func (c *Checkup) tightest(of func(PhotoRequirement) bool) (PhotoRequirement, bool) {
	needs := slices.DeleteFunc(slices.Clone(c.Needs), func(need PhotoRequirement) bool { return !of(need) })
	if len(needs) == 0 {
		return PhotoRequirement{}, false
	}
	return slices.MinFunc(needs, func(a, b PhotoRequirement) int { return cmp.Compare(a.Have-a.Want, b.Have-b.Want) }), true
}

// LeftOutNotes count what may have been meant as photos and is not used, by the
// reason, and name the folders of which there is no class.
func (c *Checkup) LeftOutNotes() (notes []string) {
	var counts, folders []string
	if n := len(c.Duplicates); n > 0 {
		names := make([]string, n)
		for i, copied := range c.Duplicates {
			names[i] = copied.Name
		}
		counts = append(counts, fmt.Sprintf("%s (%s)", english.Plural(n, "copy", "copies"), few(names, 1)))
	}
	names, files, reasons := map[string][]string{}, map[string]int{}, []string{}
	for _, left := range c.LeftOut {
		if left.Why == dataset.NoClass {
			folders = append(folders, left.Name+photosIn(left.Files))
			continue
		}
		if names[left.Why] == nil {
			reasons = append(reasons, left.Why)
		}
		names[left.Why] = append(names[left.Why], left.Name)
		files[left.Why] += left.Files
	}
	for _, why := range reasons {
		counts = append(counts, fmt.Sprintf("%d %s (%s)", files[why], why, few(names[why], 1)))
	}
	if len(counts) > 0 {
		notes = append(notes, "left out: "+strings.Join(counts, ", "))
	}
	if len(folders) > 0 {
		notes = append(notes, "folders that no class names: "+few(folders, 4))
	}
	return notes
}

// photosIn says how many photos a folder has; nothing of one without.
func photosIn(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" (%s)", english.Plural(n, "photo", "photos"))
}

// few lists the first n names.
func few(names []string, n int) string {
	if len(names) > n {
		names = append(slices.Clone(names[:n]), "…")
	}
	return strings.Join(names, ", ")
}
