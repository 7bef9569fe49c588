package dataset

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"kizu/orchestrator/filehash/filetest"
)

// withParts gives images of a drawn division parts, some of which are of several
// classes.
func withParts(t *rapid.T, d *division) {
	d.set.Parted = true
	most := rapid.IntRange(1, 12).Draw(t, "parts")
	for i := range d.set.Images {
		if part := rapid.IntRange(0, most).Draw(t, "part"); part > 0 { // 0: its own
			d.set.Images[i].Part = fmt.Sprint("p", part)
		}
	}
}

// TestPartsStayTogether: no part is on both sides, whatever its size and classes; as
// many images are tested on as whole parts allow, and training draws are prefixes of
// one order.
func TestPartsStayTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawDivision(t)
		withParts(t, &d)
		got, err := d.divide()
		if err != nil {
			return // what cannot be had is held by TestDivide
		}
		side := map[string]string{}
		put := func(images []Image, where string) {
			for _, img := range images {
				if before := side[img.PartOf()]; before != "" && before != where {
					t.Fatalf("%s is in %s and in %s", img.PartOf(), before, where)
				}
				side[img.PartOf()] = where
			}
		}
		for _, class := range d.classes {
			put(got.Test[class], "test")
			put(got.Train[class], "training")
			for _, img := range got.Test[class] {
				if d.seen[img.SHA256] || img.Split == TrainingOnly {
					t.Fatalf("%+v is tested on", img)
				}
			}
		}
		for _, img := range d.set.Images {
			if d.seen[img.SHA256] && side[img.PartOf()] == "test" {
				t.Fatalf("%s is tested on, and the base model knows %s of it", img.PartOf(), img.Name)
			}
		}
		if mixed := d.mixed(); mixed {
			d.noOtherPartIsNearer(t, got)
			return
		}
		for _, class := range d.classes {
			if n := d.nearestCount(class); len(got.Test[class]) != n {
				t.Fatalf("%d test images for %d, and %d can be had", len(got.Test[class]), d.tests[class], n)
			}
		}
	})
}

// mixed says whether a part that may be tested on shows several classes.
func (d division) mixed() bool {
	return newChoice(d.set, d.classes, Tests{Counts: d.tests}, d.seen, d.seed).mixed() != nil
}

// noOtherPartIsNearer: with one part more or one less, the counts of all classes together
// would be no nearer to what is asked for.
func (d division) noOtherPartIsNearer(t *rapid.T, got *Division) {
	tested := map[string]bool{}
	for img := range got.Tested() {
		tested[img.PartOf()] = true
	}
	far := func(other string) (sum float64) {
		for _, class := range d.classes {
			n := 0
			for _, img := range d.set.Of(class) {
				if tested[img.PartOf()] != (img.PartOf() == other) {
					n++
				}
			}
			sum += float64(distanceTo(d.tests[class], n)) / float64(max(d.tests[class], 1))
		}
		return sum
	}
	barred := newChoice(d.set, d.classes, Tests{}, d.seen, d.seed).barred
	for _, img := range d.set.Images {
		if part := img.PartOf(); !barred[part] && far(part) < far("")-1e-5 {
			t.Fatalf("with %s on the other side the test images would be nearer to %v: %v after %v", part, d.tests, far(part), far(""))
		}
	}
}

// TestPartsOfSeveralClasses: what is asked for is found whichever class is named first.
func TestPartsOfSeveralClasses(t *testing.T) {
	set := &Set{}
	add := func(part, class string, n int) {
		for range n {
			i := len(set.Images)
			set.Images = append(set.Images, Image{Name: fmt.Sprint(i), SHA256: fmt.Sprintf("%064d", i), Class: class, Part: part})
		}
	}
	for i := range 4 { // boards with a crack and good places, and as many without a crack
		add(fmt.Sprint("cracked ", i), "good", 2)
		add(fmt.Sprint("cracked ", i), "crack", 2)
		add(fmt.Sprint("whole ", i), "good", 1)
	}
	for want, nearest := range map[[2]int][2]int{{2, 4}: {2, 2}, {4, 2}: {4, 2}, {4, 4}: {4, 4}, {5, 2}: {5, 2}, {8, 6}: {8, 6}, {12, 8}: {12, 8}, {9, 8}: {9, 8}} {
		for _, classes := range [][]string{{"good", "crack"}, {"crack", "good"}} {
			for seed := range int64(5) {
				d, err := Divide(set, classes, Tests{Counts: map[string]int{"good": want[0], "crack": want[1]}}, nil, seed)
				if err != nil || len(d.Short) > 0 {
					t.Fatal(err, d.Short)
				}
				if got := [2]int{len(d.Test["good"]), len(d.Test["crack"])}; got != nearest {
					t.Errorf("%v of %v, seed %d: got %v, and %v is nearest", want, classes, seed, got, nearest)
				}
			}
		}
	}
	set.Images = nil
	add("a", "good", 9)
	add("b", "good", 9)
	add("c", "crack", 20)
	d, err := Divide(set, []string{"good", "crack"}, Tests{Counts: map[string]int{"good": 4, "crack": 4}}, nil, 0)
	if err != nil || len(d.Short) != 2 {
		t.Fatal(d, err)
	}
	filetest.Fails(t, d.Short[0], `class "good": 4 are needed for testing, and parts are tested on as a whole, of which the smallest has 9 images of the class: ask for more`)
	filetest.Fails(t, d.Short[1], `class "crack": all its images show one part (c), which is tested on as a whole or not at all, and none is left for testing, where 4 are needed`)
}

// nearestCount is the number of images of whole parts that is nearest to what is asked
// for, found by trying all.
func (d division) nearestCount(class string) int {
	sizes, barred := map[string]int{}, map[string]bool{}
	for _, img := range d.set.Images {
		if img.Class == class {
			sizes[img.PartOf()]++
		}
		if img.Split == TrainingOnly || d.seen[img.SHA256] {
			barred[img.PartOf()] = true
		}
	}
	sums := map[int]bool{0: true}
	for part, n := range sizes {
		if barred[part] {
			continue
		}
		for _, sum := range slices.Collect(func(yield func(int) bool) {
			for sum := range sums {
				if !yield(sum) {
					return
				}
			}
		}) {
			sums[sum+n] = true
		}
	}
	best, want := 0, d.tests[class]
	for sum := range sums {
		if near := distanceTo(want, sum); near < distanceTo(want, best) || near == distanceTo(want, best) && sum > best {
			best = sum
		}
	}
	return best
}

// TestListedAreTested: exactly those, and what shows a part of them is not trained on.
func TestListedAreTested(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawDivision(t)
		withParts(t, &d)
		listed := map[string]bool{}
		for _, img := range d.set.Images {
			if rapid.Bool().Draw(t, "listed") {
				listed[img.SHA256] = true
			}
		}
		got, err := Divide(d.set, d.classes, Tests{Listed: listed, List: "test.csv"}, d.seen, d.seed)
		if err != nil {
			if text := err.Error(); !strings.Contains(text, "the base model was trained on it") && !strings.Contains(text, "test.csv lists no photo of class") {
				t.Fatal(err)
			}
			return
		}
		parts := map[string]bool{}
		n := 0
		for _, class := range d.classes {
			n += len(got.Test[class])
			for _, img := range got.Test[class] {
				if parts[img.PartOf()] = true; !listed[img.SHA256] {
					t.Fatalf("%s is tested on and not listed", img.Name)
				}
			}
		}
		if n != len(listed) {
			t.Fatalf("%d tested on, %d listed", n, len(listed))
		}
		for _, class := range d.classes {
			for _, img := range got.Train[class] {
				if parts[img.PartOf()] {
					t.Fatalf("%s may train, and its part is tested on", img.Name)
				}
			}
			for _, img := range got.Unused[class] {
				if !parts[img.PartOf()] {
					t.Fatalf("%s is unused", img.Name)
				}
			}
		}
	})
}

func TestMarkParts(t *testing.T) {
	f := newFolder(t)
	for i, name := range []string{"good/a_num_1_x.png", "good/b_num_1_y.png", "crack/c_num_2.png", "crack/d.png", "good/tile/e.png"} {
		f.picture(name, i)
	}
	f.Text("parts.csv", "file;part\ngood/a_num_1_x.png;7\n./crack/c_num_2.png;7\ncrack/d.png;8\n")
	for name, test := range map[string]struct {
		parts Parts
		want  string
	}{
		"none":    {Parts{}, "crack/c_num_2.png: crack/d.png: good/a_num_1_x.png: good/b_num_1_y.png:"},
		"pattern": {Parts{Pattern: regexp.MustCompile(`_num_(\d+)`)}, "crack/c_num_2.png:2 crack/d.png: good/a_num_1_x.png:1 good/b_num_1_y.png:1"},
		"table":   {Parts{File: f.Path("parts.csv")}, "crack/c_num_2.png:7 crack/d.png:8 good/a_num_1_x.png:7 good/b_num_1_y.png:"},
		"folders": {Parts{Folders: true}, "crack/c_num_2.png: crack/d.png: good/a_num_1_x.png: good/b_num_1_y.png: good/tile/e.png:good/tile"},
	} {
		set, err := reading().Scan(Folder{Format: "folders", Root: f.Root, Classes: []string{"good", "crack"}, Parts: test.parts})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var got []string
		for _, img := range set.Images {
			got = append(got, img.Name+":"+img.Part)
		}
		if text := strings.Join(got, " "); text != test.want || set.Parted != test.parts.Given() {
			t.Errorf("%s: %s", name, text)
		}
	}
}

func TestPartsThatAreWrong(t *testing.T) {
	f := newFolder(t)
	f.picture("good/1.png", 1)
	f.picture("good/2.png", 2)
	f.picture("crack/3.png", 3)
	scan := func(parts Parts) error {
		_, err := reading().Scan(Folder{Format: "folders", Root: f.Root, Classes: []string{"good", "crack"}, Parts: parts})
		return err
	}
	for text, want := range map[string]string{
		"file,part\ngood/9.png,1\n":               `parts.csv:2: there is no photo "good/9.png" in the classes of the dataset: names are paths below its root, such as good/1.png`,
		"file,part\ngood/1.png,1\ngood/1.png,2\n": `parts.csv:3: photo good/1.png has the part "2", and "1" in line 2`,
		"file,part\ngood/1.png,\n":                "parts.csv:2: photo good/1.png has no part",
		"file,tile\n":                             "parts.csv has no column part",
		"file,part,part\n":                        "parts.csv has two columns part",
		"file,part\ngood\\1.png,1\n":              `parts.csv:2: there is no photo "good\\1.png" in the classes of the dataset: folders are followed by / and not by \, such as in good/1.png`,
	} {
		f.Text("parts.csv", text)
		filetest.Fails(t, scan(Parts{File: f.Path("parts.csv")}), "dataset.parts: "+want)
	}
	filetest.Fails(t, scan(Parts{File: f.Path("none.csv")}), "dataset.parts: ", "none.csv")
	filetest.Fails(t, scan(Parts{Pattern: regexp.MustCompile(`tile(\d)`)}), "names a part in no photo, such as good/1.png")
	filetest.Fails(t, scan(Parts{Pattern: regexp.MustCompile(`(png)`)}), `names the one part "png" in every photo`)
	filetest.Fails(t, scan(Parts{Folders: true}), "no photo is in a folder inside that of its class")
}

// TestCopiesJoinParts: a picture that is said to show several parts makes them one.
func TestCopiesJoinParts(t *testing.T) {
	f := newFolder(t)
	for name, picture := range map[string]int{"a1": 1, "b1": 1, "c1": 1, "b2": 2, "c2": 3, "d1": 4, "g1": 4, "e1": 5, "f2": 2} {
		f.picture("good/"+name+".png", picture)
	}
	set, err := reading().Scan(Folder{Format: "folders", Root: f.Root, Classes: []string{"good"}, Parts: Parts{Pattern: regexp.MustCompile(`/([a-z])`)}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, img := range set.Images {
		got = append(got, img.Name[5:]+" "+img.Part)
	}
	if text := fmt.Sprint(got, set.Joined, len(set.Duplicates)); text != "[a1.png a b2.png a c2.png a d1.png d e1.png e] 4 4" {
		t.Error(text)
	}
}

func TestReadTests(t *testing.T) {
	f := newFolder(t)
	f.picture("good/1.png", 1)
	f.picture("good/2.png", 1) // a copy
	f.picture("crack/3.png", 3)
	set, err := reading().Scan(Folder{Format: "folders", Root: f.Root, Classes: []string{"good", "crack"}})
	if err != nil {
		t.Fatal(err)
	}
	f.Text("test.csv", "file,class\ngood/1.png,good\ncrack/3.png,\n")
	listed, err := ReadTests(f.Path("test.csv"), set)
	if err != nil || len(listed) != 2 {
		t.Errorf("%v, %v", listed, err)
	}
	d, err := Divide(set, []string{"good", "crack"}, Tests{Listed: listed}, nil, 0)
	if err != nil || fmt.Sprint(d.Rows([]string{"good", "crack"})) != "[[file class] [good/1.png good] [crack/3.png crack]]" {
		t.Errorf("%v, %v", d, err)
	}
	for text, want := range map[string]string{
		"file\ngood/7.png\n":             `test.csv:2: there is no photo "good/7.png" in the classes of the dataset: it has vanished`,
		"file\ngood/2.png\n":             "test.csv:2: photo good/2.png shows what good/1.png shows, which counts in its place: list that",
		"file,class\ngood/1.png,crack\n": `test.csv:2: photo good/1.png is of class "good" in the dataset, and not "crack"`,
		"file\ngood/1.png\ngood/1.png\n": "test.csv:3: photo good/1.png is listed twice",
		"file\n":                         "test.csv lists no photo",
		"name\n":                         "test.csv has no column file",
	} {
		f.Text("test.csv", text)
		_, err := ReadTests(f.Path("test.csv"), set)
		filetest.Fails(t, err, "conditions.test: "+want)
	}
}
