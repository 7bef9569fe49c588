package dataset

import (
	"fmt"

	"pgregory.net/rapid"
)

// division is what Divide is asked, drawn at random.
type division struct {
	set     *Set
	classes []string
	tests   map[string]int
	seen    map[string]bool
	seed    int64
}

// divide takes the first shortage for an error.
func (d division) divide() (*Division, error) {
	got, err := Divide(d.set, d.classes, Tests{Counts: d.tests}, d.seen, d.seed)
	if err == nil && len(got.Short) > 0 {
		err = got.Short[0]
	}
	return got, err
}

// drawDivision draws up to three classes, the first one in mvtec's splits or
// not, some of whose images a base model has seen.
func drawDivision(t *rapid.T) division {
	d := division{set: &Set{}, tests: map[string]int{}, seen: map[string]bool{}, seed: rapid.Int64Range(0, 9).Draw(t, "seed")}
	mvtec := rapid.Bool().Draw(t, "mvtec")
	for c := range rapid.IntRange(1, 3).Draw(t, "classes") {
		class := fmt.Sprint("class ", c)
		d.classes = append(d.classes, class)
		for i := range rapid.IntRange(0, 12).Draw(t, "images") {
			img := Image{Name: fmt.Sprintf("%s/%d.png", class, i), Class: class, SHA256: fmt.Sprintf("%02d%062d", c, i)}
			if mvtec && c == 0 {
				img.Split = rapid.SampledFrom([]Split{TrainingOnly, TestingOnly}).Draw(t, "split")
			}
			if rapid.IntRange(0, 4).Draw(t, "seen") == 0 {
				d.seen[img.SHA256] = true
			}
			d.set.Images = append(d.set.Images, img)
		}
		d.tests[class] = rapid.IntRange(0, 6).Draw(t, "tests")
	}
	return d
}

// testable counts the images of a class that may be tested on.
func (d division) testable(class string) int {
	n := 0
	for _, img := range d.set.Of(class) {
		if img.Split != TrainingOnly && !d.seen[img.SHA256] {
			n++
		}
	}
	return n
}

func hashes(images []Image) []string {
	list := []string{}
	for _, img := range images {
		list = append(list, img.SHA256)
	}
	return list
}
