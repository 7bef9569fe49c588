package dataset

import (
	"fmt"
	"path/filepath"
	"slices"

	"golang.org/x/text/unicode/norm"

	"kizu/orchestrator/csvfile"
)

// ReadTests reads which of a set's images a table lists as those that are tested on:
// its column file has their names, and class, if there is one, the class that they
// must be of.
func ReadTests(file string, set *Set) (map[string]bool, error) {
	table, err := csvfile.Read(file, "file")
	if err != nil {
		return nil, fmt.Errorf("conditions.test: %w", err)
	}
	known := byName(set.Images)
	listed := map[string]bool{}
	for _, row := range table.Rows {
		name := fileOf(row)
		img, there := known[name]
		switch class := row.Field("class"); {
		case !there:
			return nil, fmt.Errorf("conditions.test: %w", row.Wrong("%s", missing(set, name)))
		case class != "" && class != img.Class:
			return nil, fmt.Errorf("conditions.test: %w", row.Wrong("photo %s is of class %q in the dataset, and not %q", name, img.Class, class))
		case listed[img.SHA256]:
			return nil, fmt.Errorf("conditions.test: %w", row.Wrong("photo %s is listed twice", name))
		}
		listed[img.SHA256] = true
	}
	if len(listed) == 0 {
		return nil, fmt.Errorf("conditions.test: %s lists no photo", filepath.Base(file))
	}
	return listed, nil
}

// missing says why a set has no image of a name.
func missing(set *Set, name string) string {
	i := slices.IndexFunc(set.Duplicates, func(d Duplicate) bool { return norm.NFC.String(d.Name) == name })
	if i >= 0 {
		return fmt.Sprintf("photo %s shows what %s shows, which counts in its place: list that", name, set.Duplicates[i].Same)
	}
	return fmt.Sprintf("there is no photo %q in the classes of the dataset: it has vanished, or %s", name, naming(name, set.Images))
}

// Rows are the images that are tested on as ReadTests takes them, class by class and by
// name, with the head of the table.
func (d *Division) Rows(classes []string) [][]string {
	rows := [][]string{{"file", "class"}}
	for _, class := range classes {
		names := []string{}
		for _, img := range d.Test[class] {
			names = append(names, img.Name)
		}
		slices.Sort(names)
		for _, name := range names {
			rows = append(rows, []string{name, class})
		}
	}
	return rows
}
