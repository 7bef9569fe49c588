package plan

import (
	"fmt"
	"image"
	"slices"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/experiment"
	"kizu/orchestrator/mask"
	"kizu/orchestrator/stage"
)

// views says which part of a photo networks see.
type views struct {
	experiment.Dataset
	set *dataset.Set
}

// tiled says whether classifiers see photos in tiles.
func (v views) tiled() bool { return v.Fit.How == experiment.FitTiles }

// side is that of tiles as specs have it: -1 for a photo's shorter side, 0 for no tiles.
func (v views) side() int {
	if v.tiled() && v.Fit.Tiles == 0 {
		return -1
	}
	return v.Fit.Tiles
}

// tiles are those of a photo, and how many pixels of its defect each shows.
func (v views) tiles(img dataset.Image) (tiles []image.Rectangle, counts []int, err error) {
	size, err := sizeOf(img)
	if err != nil {
		return nil, nil, err
	}
	tiles = tilesOf(size, v.Fit.Tiles)
	if img.Class == v.Good {
		return tiles, make([]int, len(tiles)), nil
	}
	m, err := v.mask(img, "fit: tiles")
	if err != nil {
		return nil, nil, err
	}
	return tiles, shown(tiles, m), nil
}

// standing is the tile that stands for a photo where one picture of it is wanted. No eye
// chooses it: of a defect photo it is the first of those that show most of the defect, of a
// good one it is drawn among those that show something, and not a bare background.
func (v views) standing(img dataset.Image) (image.Rectangle, error) {
	tiles, counts, err := v.tiles(img)
	switch {
	case err != nil:
		return image.Rectangle{}, err
	case img.Class == v.Good:
		tiles = showing(tiles, v.set.Structure(img, tiles))
		return tiles[drawFor(v.SplitSeed, "tile", img).below(0, len(tiles))], nil
	}
	return tiles[slices.Index(counts, slices.Max(counts))], nil
}

// around is the region around the defect of a photo that LoRAs learn at a resolution.
func (v views) around(img dataset.Image, resolution int) (image.Rectangle, error) {
	m, err := v.mask(img, "dataset.crop")
	if err != nil {
		return image.Rectangle{}, err
	}
	size, err := sizeOf(img)
	if err != nil {
		return image.Rectangle{}, err
	}
	return around(size, m.Bounds(), v.Crop.Ratio, leastSide(resolution)), nil
}

// mask is that of a defect photo. Where one is missing, the first photo of the class that
// has none is named.
func (v views) mask(img dataset.Image, setting string) (*mask.Mask, error) {
	if m := img.Mask(); m != nil {
		return m, nil
	}
	without := slices.DeleteFunc(v.set.Of(img.Class), func(other dataset.Image) bool { return other.Marking != nil })
	return nil, fmt.Errorf("%s needs to know where defects are, and %s of class %q %s no mask, the first of them %s: add masks (dataset.masks) or take the class out",
		setting, english.Plural(len(without), "photo", "photos"), img.Class, english.PluralWord(len(without), "has", "have"), without[0].Name)
}

// sizeOf is the size of a photo, upright.
func sizeOf(img dataset.Image) (image.Point, error) {
	if img.Picture.Width == 0 {
		return image.Point{}, fmt.Errorf("photo %s was not looked at, and what is seen of it goes by its size: run make build", img.Name)
	}
	return image.Pt(img.Picture.Width, img.Picture.Height), nil
}

func (b *builder) views() views { return views{b.exp.Dataset, b.in.Set} }

// rendering is how all stages see photos.
func (b *builder) rendering() stage.Rendering {
	return stage.Rendering{Levels: b.in.Set.Levels, Fit: b.exp.Dataset.Fit.OfStages()}
}

// pictures refers to one picture of each photo: the photo, or the tile that stands for it.
func (b *builder) pictures(images []dataset.Image) ([]stage.Ref, error) {
	if !b.views().tiled() {
		return b.refsOf(images), nil
	}
	refs := make([]stage.Ref, len(images))
	for i, img := range images {
		tile, err := b.views().standing(img)
		if err != nil {
			return nil, err
		}
		refs[i] = b.part(img, tile)
	}
	return refs, nil
}

// part refers to a part of a photo; all of it is the photo.
func (b *builder) part(img dataset.Image, region image.Rectangle) stage.Ref {
	if region.Size() == image.Pt(img.Picture.Width, img.Picture.Height) {
		return b.ref(img)
	}
	return b.ref(img).Region(region)
}
