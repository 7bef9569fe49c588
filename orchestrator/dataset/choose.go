package dataset

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"

	"golang.org/x/text/unicode/norm"

	"kizu/orchestrator/csvfile"
)

// choice is which parts are tested on.
type choice struct {
	classes []string
	tests   Tests
	seen    map[string]bool
	barred  map[string]bool // parts that may not be tested on
	free    [][]group       // the others' images, by class, in the order in which they are drawn
	tested  map[string]bool // the parts that are
}

func newChoice(set *Set, classes []string, tests Tests, seen map[string]bool, seed int64) *choice {
	c := &choice{classes, tests, seen, map[string]bool{}, make([][]group, len(classes)), map[string]bool{}}
	for _, img := range set.Images {
		if img.In(seen) || img.Split == TrainingOnly && tests.Listed == nil {
			c.barred[img.PartOf()] = true
		}
	}
	for i, class := range classes {
		c.free[i] = slices.DeleteFunc(grouped(shuffled(set.Of(class), splitOrder(seed, class))), func(g group) bool { return c.barred[g.part] })
	}
	return c
}

// chooseParts has so many images of each class tested on, in whole parts: the first of
// a shuffled order that together have them. Parts that show several classes are chosen
// for the scarcest of these, and then until no other choice is nearer.
func (c *choice) chooseParts() {
	order := make([]int, len(c.classes))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(c.want(b)*images(c.free[a]), c.want(a)*images(c.free[b]))
	})
	decided := map[string]bool{} // parts of an earlier class
	for _, i := range order {
		var free []group
		have := 0
		for _, g := range c.free[i] {
			if c.tested[g.part] {
				have += len(g.images)
			} else if !decided[g.part] {
				free = append(free, g)
			}
			decided[g.part] = true
		}
		for n, chosen := range nearest(free, max(0, c.want(i)-have)) {
			if chosen {
				c.tested[free[n].part] = true
			}
		}
	}
	if mixed := c.mixed(); mixed != nil {
		c.tested = mixed.nearer(c.tested)
	}
}

// want is how many images of a class are to be tested on.
func (c *choice) want(class int) int { return c.tests.Counts[c.classes[class]] }

func images(groups []group) (n int) {
	for _, g := range groups {
		n += len(g.images)
	}
	return n
}

// chooseListed has the parts of the listed images tested on.
func (c *choice) chooseListed(set *Set) error {
	for _, class := range c.classes {
		found := false
		for _, img := range set.Of(class) {
			if !c.tests.Listed[img.SHA256] {
				continue
			}
			if found = true; c.barred[img.PartOf()] {
				return fmt.Errorf("conditions.test: photo %s of %s may not be tested on: the base model was trained on it, or on another of its part", img.Name, c.tests.List)
			}
			c.tested[img.PartOf()] = true
		}
		if !found {
			return fmt.Errorf("conditions.test: %s lists no photo of class %q", c.tests.List, class)
		}
	}
	return nil
}

// short lists the classes of which fewer images can be tested on than are wanted, or
// none since no whole part will do.
func (c *choice) short(set *Set) (list []*ShortageError) {
	for i, class := range c.classes {
		e := &ShortageError{Class: class, Have: images(c.free[i]), Want: c.want(i), Use: "testing"}
		none := !slices.ContainsFunc(c.free[i], func(g group) bool { return c.tested[g.part] })
		if e.Have >= e.Want && (!none || e.Want == 0) {
			continue
		}
		for _, img := range set.Of(class) {
			switch {
			case img.Split == TrainingOnly:
			case img.In(c.seen):
				e.Kept++
			case c.barred[img.PartOf()]:
				e.Barred++
			}
		}
		if e.Have >= e.Want {
			e.Parts = len(slices.MinFunc(c.free[i], func(a, b group) int { return cmp.Compare(len(a.images), len(b.images)) }).images)
		}
		if none && e.Have > 0 {
			e.OnePart = set.OnePart(class)
		}
		list = append(list, e)
	}
	return list
}

// ReadTests reads which of a set's images a table lists as those that are tested on: its column
// file has their names, and class, if there is one, the class that they must be of.
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
