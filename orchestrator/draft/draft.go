// Package draft decides what an experiment file to begin with says, from what there is:
// photos, devices, models. It is pure: others look, and write.
package draft

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Found is what was found.
type Found struct {
	Root   string // of the photos, as the file is to name it
	Folder string // its name
	Format string // mvtec or folders

	Good    string // the class of good parts
	GoodWhy string // why it is taken for that, as a comment
	Classes []Class
	Photos  []string // names below the root
	Masks   string   // the folder of the defects' masks, below the root; "" for none
	Masked  int      // photos of defects that have one
	MaskWhy string   // why masks that seem to be there are not used; "" if they are
	Oblong  string   // width × height of the most usual photos that are far from square, where a tenth is; "" otherwise

	GPU    string // the first GPU, in words; "" for none
	Cached []Base // base models in the local cache, of Bases

	ImageNet bool // whether torchvision's weights are on this machine
}

// Backbone is the classifiers' network, which experiments have where they name none.
const Backbone = "efficientnet_b0"

// Class counts the photos of one class, each picture once.
type Class struct {
	Name     string
	Training int // for training only, as in mvtec's train/good
	Testing  int // for testing only, as in mvtec's test/good
	Either   int
}

// Base is a base model that a study may begin with.
type Base struct {
	Name       string
	Resolution int // pixels, square, that it was trained at
}

// Bases are the base models that are looked for in the local cache, the best known first.
var Bases = []Base{
	{"stable-diffusion-v1-5/stable-diffusion-v1-5", 512},
	{"runwayml/stable-diffusion-v1-5", 512},
	{"CompVis/stable-diffusion-v1-4", 512},
	{"stabilityai/stable-diffusion-2-1-base", 512},
	{"stabilityai/stable-diffusion-2-1", 768},
	{"stabilityai/stable-diffusion-xl-base-1.0", 1024},
}

// Draft is what the file says. Counts are of photos or images.
type Draft struct {
	Found
	Name, Noun string
	Defects    []string
	Learnt     string  // the defect that study 1 shows: that of most photos
	Tests      []Count // of each class
	Real       int     // photos of each defect that train
	RealGood   int     // photos of good parts that train
	MoreGood   int     // as many as with generated ones; 0 where there are no more
	Regular    int     // regularization images in study 1
	Generated  int     // of each class
	Referee    int     // photos of each defect that its referee learns
	Parts      Parts   // what names seem to say; its zero value for nothing
	Base       Base
	Toy        bool // the base model is the bundled one
	Weights    string
}

// Count is how many photos of a class are tested on.
type Count struct {
	Class string
	N     int
}

// What a study begins with where there are photos enough.
const (
	realDefects = 10 // of each defect, as in the article
	realGood    = 24
	referee     = 100 // photos of each defect
)

// New decides on a file.
func New(found Found) (*Draft, error) {
	d := &Draft{Found: found, Name: NameOf(found.Folder), Noun: nounOf(found.Folder)}
	good, defects, err := found.sides()
	if err != nil {
		return nil, err
	}
	fewest := slices.MinFunc(defects, func(a, b Class) int { return cmp.Compare(a.Either, b.Either) })
	d.Learnt = slices.MaxFunc(defects, func(a, b Class) int { return cmp.Compare(a.Either, b.Either) }).Name
	d.Real = min(realDefects, fewest.Either-max(1, fewest.Either*2/5))
	tested := 0
	d.Referee = referee
	for _, class := range defects {
		d.Defects = append(d.Defects, class.Name)
		n := min(class.Either-d.Real, max(class.Either/2, 1))
		d.Tests = append(d.Tests, Count{class.Name, n})
		tested += n
		d.Referee = min(d.Referee, class.Either-n)
	}
	goodTests, goodLeft := good.Testing, good.Training
	if good.Either > 0 {
		goodTests = max(1, min(good.Either/3, max(40, tested)))
		goodLeft = good.Either - goodTests
	}
	d.Tests = slices.Insert(d.Tests, 0, Count{good.Name, goodTests})
	d.RealGood = min(realGood, goodLeft)
	d.Regular = min(50, goodLeft)
	d.compute()
	if more := min(d.RealGood+d.Generated, goodLeft); more > d.RealGood {
		d.MoreGood = more
	}
	d.Parts = partsIn(found.Photos)
	return d, nil
}

// compute chooses what is computed with, and how much.
func (d *Draft) compute() {
	d.Base, d.Toy, d.Generated = Base{"tiny-sd", 128}, true, 24
	if d.GPU != "" && len(d.Cached) > 0 {
		d.Base, d.Toy, d.Generated = d.Cached[0], false, 100
	}
	d.Weights = "lite0"
	if d.ImageNet {
		d.Weights = "imagenet"
	}
}

// sides finds the class of good parts and those of defects, and refuses what no study
// can be made of.
func (f Found) sides() (good Class, defects []Class, err error) {
	for _, class := range f.Classes {
		if class.Name == f.Good {
			good = class
			continue
		}
		if slices.Contains([]string{"good", "defects"}, class.Name) {
			return good, nil, fmt.Errorf("a class of defects cannot be called %q, which experiment files say of others: rename its folder, to defect for example", class.Name)
		}
		defects = append(defects, class)
	}
	if len(defects) == 0 {
		return good, nil, fmt.Errorf("there is one class, %q: a study needs a folder of good parts and one of each defect", f.Good)
	}
	for _, class := range defects {
		if class.Either < 2 {
			return good, nil, fmt.Errorf("class %q has %d photo: it takes two, one to train with and one to test on; add photos, or move its folder elsewhere", class.Name, class.Either)
		}
	}
	if good.Either < 2 && (good.Training < 1 || good.Testing < 1) {
		return good, nil, errors.New("there are too few photos of good parts: it takes two, one to train with and one to test on")
	}
	return good, defects, nil
}

// notInNames is what names of experiments do not have.
var notInNames = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// NameOf makes a name of an experiment out of a folder's.
func NameOf(folder string) string {
	name := strings.Trim(notInNames.ReplaceAllString(folder, "-"), "._-")
	if name == "" {
		return "study"
	}
	return strings.TrimRight(name[:min(len(name), 64)], "._-")
}

// nounOf makes a noun out of a folder's name.
func nounOf(folder string) string {
	noun := strings.ToLower(strings.Join(strings.FieldsFunc(folder, func(r rune) bool { return strings.ContainsRune("_-. ", r) }), " "))
	if noun == "" {
		return "part"
	}
	return noun
}

// Oblong reports whether a square in the middle of a picture leaves out a fifth of it or more.
func Oblong(width, height int) bool {
	return 5*min(width, height) <= 4*max(width, height)
}
