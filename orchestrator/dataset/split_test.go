package dataset

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestDivide: every image has the one role that its split, the base model and
// the wanted counts leave it; what cannot be had is an error with the numbers.
func TestDivide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawDivision(t)
		got, err := d.divide()
		var short *ShortageError
		if errors.As(err, &short) {
			if have := d.testable(short.Class); short.Have != have || short.Want != d.tests[short.Class] || have >= short.Want {
				t.Fatalf("%d testable images of %d: %v", have, d.tests[short.Class], err)
			}
			return
		} else if err != nil {
			t.Fatal(err)
		}
		for _, class := range d.classes {
			if n := len(got.Test[class]); n != d.tests[class] {
				t.Fatalf("%d test images of %s, want %d", n, class, d.tests[class])
			}
			roles := map[string]string{}
			for _, img := range got.Test[class] {
				roles[img.SHA256] += "test"
			}
			for _, img := range got.Train[class] {
				roles[img.SHA256] += "train"
			}
			kept := 0
			for _, img := range d.set.Of(class) {
				if d.seen[img.SHA256] && img.Split != TrainingOnly {
					kept++
				}
				role, mayTest := roles[img.SHA256], img.Split != TrainingOnly && !d.seen[img.SHA256]
				ok := role == "test" && mayTest || role == "train" && img.Split != TestingOnly || role == "" && img.Split == TestingOnly
				if !ok {
					t.Fatalf("%+v, seen %v, has the role %q", img, d.seen[img.SHA256], role)
				}
				delete(roles, img.SHA256)
			}
			if len(roles) > 0 || got.Kept[class] != kept {
				t.Fatalf("strangers %v; %d kept from testing, want %d", roles, got.Kept[class], kept)
			}
			if pool := hashes(got.Pool(class)); !slices.Equal(pool, append(hashes(got.Train[class]), hashes(got.Test[class])...)) {
				t.Fatalf("pool %v is not training and then test images", pool)
			}
		}
	})
}

// TestDivideLooksAtContentsOnly: the names and the order of the files play no
// part.
func TestDivideLooksAtContentsOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawDivision(t)
		before, err := d.divide()
		if err != nil {
			return
		}
		d.set = &Set{Images: rapid.Permutation(d.set.Images).Draw(t, "order")}
		for i := range d.set.Images {
			d.set.Images[i].Name = fmt.Sprint("moved/", i)
		}
		after, err := d.divide()
		if err != nil {
			t.Fatal(err)
		}
		for _, class := range d.classes {
			if !slices.Equal(hashes(before.Test[class]), hashes(after.Test[class])) || !slices.Equal(hashes(before.Train[class]), hashes(after.Train[class])) {
				t.Fatalf("%s was divided into %v and %v, and then into %v and %v", class,
					hashes(before.Train[class]), hashes(before.Test[class]), hashes(after.Train[class]), hashes(after.Test[class]))
			}
		}
	})
}

// subsequence reports whether list has the items of part, in that order.
func subsequence(part, list []string) bool {
	for _, item := range list {
		if len(part) > 0 && part[0] == item {
			part = part[1:]
		}
	}
	return len(part) == 0
}

// TestDivideIsStable: an image added later moves at most one other image out
// of the test set, and reorders none.
func TestDivideIsStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawDivision(t)
		before, err := d.divide()
		if err != nil {
			return
		}
		added := Image{Class: d.classes[0], SHA256: fmt.Sprintf("added%03d", rapid.IntRange(0, 999).Draw(t, "added"))}
		d.set = &Set{Images: append(slices.Clone(d.set.Images), added)}
		after, err := d.divide()
		if err != nil {
			t.Fatal(err)
		}
		class := added.Class
		if !subsequence(hashes(before.Train[class]), hashes(after.Train[class])) {
			t.Fatalf("training order %v became %v", hashes(before.Train[class]), hashes(after.Train[class]))
		}
		left := 0
		for _, hash := range hashes(before.Test[class]) {
			if !slices.Contains(hashes(after.Test[class]), hash) {
				left++
			}
		}
		if left > 1 {
			t.Fatalf("%d images left the test set for one", left)
		}
	})
}

// TestDivideNests: asking for more test images keeps those that were tested on
// before, and the drawing order of the others.
func TestDivideNests(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawDivision(t)
		class := d.classes[0]
		d.classes = d.classes[:1]
		more, err := d.divide()
		if err != nil || d.tests[class] == 0 {
			return
		}
		fewer := d
		fewer.tests = map[string]int{class: rapid.IntRange(0, d.tests[class]-1).Draw(t, "fewer")}
		less, err := fewer.divide()
		if err != nil {
			t.Fatal(err)
		}
		if n := fewer.tests[class]; !slices.Equal(hashes(less.Test[class]), hashes(more.Test[class][:n])) {
			t.Fatalf("%d test images %v are not the first of %v", n, hashes(less.Test[class]), hashes(more.Test[class]))
		}
		if !subsequence(hashes(more.Train[class]), hashes(less.Train[class])) {
			t.Fatalf("training order %v became %v", hashes(less.Train[class]), hashes(more.Train[class]))
		}
	})
}

// TestSeedsDivideDifferently: of 200 images, ten are tested on; two seeds choose
// the same ten with a probability of 4e-17.
func TestSeedsDivideDifferently(t *testing.T) {
	set := &Set{}
	for i := range 200 {
		set.Images = append(set.Images, Image{Class: "good", SHA256: fmt.Sprint(i)})
	}
	chosen := map[string]int64{}
	for seed := range int64(20) {
		d, err := Divide(set, []string{"good"}, Tests{Counts: map[string]int{"good": 10}}, nil, seed)
		if err != nil {
			t.Fatal(err)
		}
		test := hashes(d.Test["good"])
		slices.SortFunc(test, cmp.Compare[string])
		if same, twice := chosen[fmt.Sprint(test)]; twice {
			t.Errorf("seeds %d and %d test on the same images", same, seed)
		}
		chosen[fmt.Sprint(test)] = seed
	}
}

func TestShortageErrorText(t *testing.T) {
	for want, err := range map[string]*ShortageError{
		`class "crack" has 0 images for testing, and 1 is needed: add images or ask for fewer`:                                                                                         {Class: "crack", Have: 0, Want: 1, Use: "testing"},
		`class "crack" has 1 image for testing, and 2 are needed: add images or ask for fewer`:                                                                                         {Class: "crack", Have: 1, Want: 2, Use: "testing"},
		`class "crack" has 3 images for testing, and 8 are needed: add images or ask for fewer`:                                                                                        {Class: "crack", Have: 3, Want: 8, Use: "testing"},
		`class "good" has 10 images for training, and 50 are needed (3 more show parts of which other photos are tested on, and train nothing): add images or ask for fewer`:           {Class: "good", Have: 10, Want: 50, Use: "training", Unused: 3},
		`class "good" has 10 images for testing, and 50 are needed (2 more were trained on by the base model and may not be tested on): add images or ask for fewer`:                   {Class: "good", Have: 10, Want: 50, Use: "testing", Kept: 2},
		`class "hole" has 10 images for training LoRAs, and 18 are needed (test images would be next, and none may reach a classifier's training: a.png): add images or ask for fewer`: {Class: "hole", Have: 10, Want: 18, Use: "training LoRAs", Tested: "a.png"},
	} {
		if err.Error() != want {
			t.Errorf("got  %s\nwant %s", err, want)
		}
	}
}
