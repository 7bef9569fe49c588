package dataset

import (
	"fmt"
	"regexp"
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

// mark gives every image its part. Images that nothing is said of have none.
func (p Parts) mark(images []Image) error {
	var part func(Image) string
	switch {
	case p.File != "":
		listed, err := readParts(p.File, images)
		if err != nil {
			return err
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
		return nil
	}
	parts, alone := map[string]bool{}, 0
	for i := range images {
		if images[i].Part = part(images[i]); images[i].Part == "" {
			alone++
		}
		parts[images[i].Part] = true
	}
	switch {
	case len(images) == 0:
	case p.Folders && alone == len(images):
		return fmt.Errorf("dataset.parts: folder: no photo is in a folder inside that of its class")
	case p.Pattern != nil && alone == len(images):
		return fmt.Errorf("dataset.parts: the pattern %s names a part in no photo, such as %s", p.Pattern, images[0].Name)
	case p.Pattern != nil && len(parts) == 1 && len(images) > 1:
		return fmt.Errorf("dataset.parts: the pattern %s names the one part %q in every photo: then none can be tested on", p.Pattern, images[0].Part)
	}
	return nil
}

// joinedParts leads from parts to those that they count as, since a picture is said to show both.
type joinedParts map[string]string

func (j joinedParts) of(part string) string {
	for j[part] != "" {
		part = j[part]
	}
	return part
}

// join has what shows a and b be of one part, and returns it; "" is no part.
func (j joinedParts) join(a, b string) string {
	if a, b = j.of(a), j.of(b); a == "" {
		return b
	}
	if b != "" && a != b {
		j[b] = a
	}
	return a
}

// rename gives images the parts that theirs count as, and counts those that are no more.
func (j joinedParts) rename(images []Image) int {
	for i := range images {
		images[i].Part = j.of(images[i].Part)
	}
	return len(j)
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
			return nil, fmt.Errorf("dataset.parts: %w", row.Wrong("there is no photo %q in the classes of the dataset: %s", name, naming(name, images)))
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

// naming says in errors how images are named, and how a name is not.
func naming(name string, images []Image) string {
	some := "good/001.png"
	if len(images) > 0 {
		some = images[0].Name
	}
	if strings.Contains(name, `\`) {
		return `folders are followed by / and not by \, such as in ` + some
	}
	return "names are paths below its root, such as " + some
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

// OnePart is the part that all images of a class show, of which there are several; ""
// if they show more than one.
func (s *Set) OnePart(class string) string {
	images := s.Of(class)
	if groups := grouped(images); len(groups) == 1 && len(images) > 1 {
		return images[0].Part
	}
	return ""
}
