package experiment

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// Fit says how networks, which see squares, see photos that are none.
type Fit struct {
	How   string // FitCrop, FitPad, FitStretch or FitTiles
	Pad   string // the colour beside a padded photo, #rrggbb; "" repeats its edge
	Tiles int    // the side of a tile in pixels of the photo; 0 for the photo's shorter side
}

// The ways to fit a photo into a square.
const (
	FitCrop    = "crop"    // the square in its middle
	FitPad     = "pad"     // all of it, with something beside it
	FitStretch = "stretch" // all of it, out of shape
	FitTiles   = "tiles"   // squares that together cover it
)

// OfStages writes the fit as specs of stages have it: a tile is a square already.
func (f Fit) OfStages() string {
	switch {
	case f.How == FitStretch, f.How == FitPad && f.Pad == "":
		return f.How
	case f.How == FitPad:
		return f.How + " " + strings.ToLower(f.Pad)
	}
	return ""
}

// String writes a fit for people.
func (f Fit) String() string {
	switch {
	case f.Pad != "":
		return f.How + " " + f.Pad
	case f.Tiles != 0:
		return fmt.Sprintf("%s %d", f.How, f.Tiles)
	}
	return f.How
}

func (f Fit) written() string { return f.String() }

// decodeFit reads a word, or a mapping of one with its colour or side.
func (d *decoder) decodeFit(node ast.Node, path string, into *Fit) error {
	if text, _, ok := scalar(node); ok {
		*into = Fit{How: text}
		return nil
	}
	var given struct {
		Pad   *string `yaml:"pad"`
		Tiles *int    `yaml:"tiles"`
	}
	if err := d.decodeStruct(node, path, reflect.ValueOf(&given).Elem()); err != nil {
		return err
	}
	switch {
	case given.Pad != nil && given.Tiles == nil:
		*into = Fit{How: FitPad, Pad: *given.Pad}
	case given.Tiles != nil && given.Pad == nil:
		*into = Fit{How: FitTiles, Tiles: *given.Tiles}
	default:
		return faultAt(node, "%sgive one of {pad: '#808080'} and {tiles: 256}", subject(path))
	}
	return nil
}

// smallestTile is the least side of a tile: of smaller ones a photo has tens of
// thousands, and a network sees nothing in them.
const smallestTile = 32

var colour = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

func (f Fit) check(c *checker) {
	c.choice(f.How, "dataset.fit")
	c.require(f.Pad == "" || colour.MatchString(f.Pad), "dataset.fit.pad",
		"colour %q: write it in quotes as '#rrggbb', such as '#808080'; fit: pad repeats the photo's edge", f.Pad)
	c.require(f.Tiles == 0 || f.Tiles >= smallestTile, "dataset.fit.tiles",
		"tiles of %d pixels: at least %d; fit: tiles takes each photo's shorter side", f.Tiles, smallestTile)
}

// Crop says which part of a photo LoRAs learn.
type Crop struct {
	Around string  `yaml:"around"` // mask: that of the photo's defect
	Ratio  float64 `yaml:"ratio"`  // of the region's side to the longer side of what it is around
}

// The default of Crop.Ratio, and its limits: below 1 the defect would be cut.
const (
	usualRatio    = 2.5
	largestRatio  = 100
	smallestRatio = 1
)

func (crop *Crop) check(c *checker) {
	if crop == nil {
		return
	}
	c.require(crop.Around != "", "dataset.crop.around", "dataset.crop.around is missing: there is only mask")
	c.choice(crop.Around, "dataset.crop.around")
	c.require(crop.Ratio >= smallestRatio && crop.Ratio <= largestRatio, "dataset.crop.ratio",
		"ratio %g: must be %d to %d times the defect's longer side", crop.Ratio, smallestRatio, largestRatio)
}

// needsMasks says whether photos cannot be seen as they are to be without the masks of
// defects, or a folder of them is named.
func (d Dataset) needsMasks() bool {
	return d.Masks != "" || d.Fit.How == FitTiles || d.Crop != nil
}

// checkMasks makes sure that there can be masks where they are needed.
func (d Dataset) checkMasks(c *checker) {
	c.require(d.Format != "elpv" || d.Masks == "", "dataset.masks", noMasks)
	d.requireMasks(c, d.Crop != nil, "dataset.crop", "crop")
	d.requireMasks(c, d.Fit.How == FitTiles, "dataset.fit", "fit: tiles")
}

const noMasks = "elpv-dataset has no masks of its defects"

// requireMasks makes sure that there can be masks if they are needed for what is set at a path.
func (d Dataset) requireMasks(c *checker, needed bool, path, what string) {
	c.require(!needed || d.Format != "elpv", path, "%s, and %s needs them", noMasks, what)
	c.require(!needed || d.Format != "folders" || d.Masks != "", path, "%s needs to know where defects are: name the folder of their masks in dataset.masks", what)
}
