package dataset

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"kizu/orchestrator/csvfile"
)

// Parts tells which photos show one physical part. Its zero value is that every
// photo shows a part of its own.
type Parts struct {
	Folders bool           // each folder inside that of a class is a part
	File    string         // a CSV with the columns file, below the root, and part
	Pattern *regexp.Regexp // whose first group names the part in a photo's name
}

// Given reports whether there is anything that tells parts.
func (p Parts) Given() bool { return p.Folders || p.File != "" || p.Pattern != nil }

// mark gives every image its part. Images that nothing is said of have none; there
// are alone of them, if parts are told at all.
func (p Parts) mark(images []Image) (alone int, err error) {
	var part func(Image) string
	switch {
	case p.File != "":
		listed, err := readParts(p.File, images)
		if err != nil {
			return 0, err
		}
		part = func(img Image) string { return listed[norm.NFC.String(img.Name)] }
	case p.Pattern != nil:
		part = func(img Image) string {
			if match := p.Pattern.FindStringSubmatch(img.Name); match != nil {
				return match[1]
			}
			return ""
		}
	case p.Folders:
		part = func(img Image) string { return img.Part } // as the folders were listed
	default:
		return 0, nil
	}
	parts := map[string]bool{}
	for i := range images {
		if images[i].Part = part(images[i]); images[i].Part == "" {
			alone++
		}
		parts[images[i].Part] = true
	}
	switch {
	case len(images) == 0:
	case p.Folders && alone == len(images):
		return 0, fmt.Errorf("dataset.parts: folder: no photo is in a folder inside that of its class")
	case p.Pattern != nil && alone == len(images):
		return 0, fmt.Errorf("dataset.parts: the pattern %s names a part in no photo, such as %s", p.Pattern, images[0].Name)
	case p.Pattern != nil && len(parts) == 1 && len(images) > 1:
		return 0, fmt.Errorf("dataset.parts: the pattern %s names the one part %q in every photo: then none can be tested on", p.Pattern, images[0].Part)
	}
	return alone, nil
}

// readParts reads which part the photos of a table show.
func readParts(file string, images []Image) (map[string]string, error) {
	table, err := csvfile.Read(file, "file", "part")
	if err != nil {
		return nil, fmt.Errorf("dataset.parts: %w", err)
	}
	known := byName(images)
	listed, lines := map[string]string{}, map[string]csvfile.Row{}
	for _, row := range table.Rows {
		name, part := fileOf(row), row.Field("part")
		_, there := known[name]
		before, twice := listed[name]
		switch {
		case !there:
			return nil, fmt.Errorf("dataset.parts: %w", row.Wrong("there is no photo %q in the classes of the dataset: names are paths below its root, such as %s", name, someName(images)))
		case part == "":
			return nil, fmt.Errorf("dataset.parts: %w", row.Wrong("photo %s has no part: leave the line out if it shows one of its own", name))
		case twice && before != part:
			return nil, fmt.Errorf("dataset.parts: %w", row.Wrong("photo %s has the part %q, and %q in line %d", name, part, before, lines[name].Line()))
		}
		listed[name], lines[name] = part, row
	}
	return listed, nil
}

// byName finds images by their names, composed as editors write them.
func byName(images []Image) map[string]Image {
	found := make(map[string]Image, len(images))
	for _, img := range images {
		found[norm.NFC.String(img.Name)] = img
	}
	return found
}

// fileOf is the name of the image that a row is about, as byName has it.
func fileOf(row csvfile.Row) string {
	return norm.NFC.String(strings.TrimPrefix(row.Field("file"), "./"))
}

// someName shows in errors what names look like.
func someName(images []Image) string {
	if len(images) == 0 {
		return "good/001.png"
	}
	return images[0].Name
}

// PartOf is what an image shows: the part that it is said to show, or one of its own.
func (img Image) PartOf() string {
	if img.Part != "" {
		return "part " + img.Part
	}
	return "photo " + img.SHA256
}

// group is the images of one part among some of a class.
type group struct {
	part   string
	images []Image
}

// grouped gathers images by part, in the order of the first of each.
func grouped(images []Image) []group {
	var groups []group
	at := map[string]int{}
	for _, img := range images {
		part := img.PartOf()
		i, known := at[part]
		if !known {
			i = len(groups)
			at[part] = i
			groups = append(groups, group{part: part})
		}
		groups[i].images = append(groups[i].images, img)
	}
	return groups
}

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
