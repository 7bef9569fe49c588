package plan

import (
	"image"
	"slices"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/stage"
)

// trainingTiles are what a classifier learns of a photo: the photo, or those of its tiles
// that show its defect, as its class, and those that show none, as good.
func (b *builder) trainingTiles(img dataset.Image, class int) ([]stage.Labeled, error) {
	if !b.views().tiled() {
		return []stage.Labeled{{Path: b.ref(img), Class: class}}, nil
	}
	tiles, counts, err := b.views().tiles(img)
	if err != nil {
		return nil, err
	}
	var list []stage.Labeled
	for i, side := range sides(counts) {
		switch side {
		case sideDefect:
			list = append(list, stage.Labeled{Path: b.part(img, tiles[i]), Class: class})
		case sideGood:
			list = append(list, stage.Labeled{Path: b.part(img, tiles[i])}) // the class of good parts comes first
		}
	}
	return list, nil
}

// testTiles are what a classifier is tested on of a photo: the photo, or all of its tiles,
// of which the stage takes the worst. The one that stands for it comes first, for what
// compares one picture of it with generated ones; without a mask none does.
func (b *builder) testTiles(img dataset.Image, class int) ([]stage.Labeled, error) {
	tiles := []image.Rectangle{{}}
	if b.views().tiled() {
		size, err := sizeOf(img)
		if err != nil {
			return nil, err
		}
		tiles = tilesOf(size, b.exp.Dataset.Fit.Tiles)
		if standing, err := b.views().standing(img); err == nil {
			tiles = append([]image.Rectangle{standing}, slices.DeleteFunc(tiles, func(t image.Rectangle) bool { return t == standing })...)
		}
	}
	list := make([]stage.Labeled, len(tiles))
	for i, tile := range tiles {
		list[i] = stage.Labeled{Path: b.part(img, tile), Class: class, Name: img.Name}
	}
	return list, nil
}

// countPhotos counts the photos of each class that a classifier learns, and their tiles by
// what these show: those of a photo of a defect that show none of it are good.
func countPhotos(spec stage.Classify) (photos, tiles []int) {
	photos, tiles = make([]int, len(spec.Classes)), make([]int, len(spec.Classes))
	class := map[stage.Ref]int{}
	for _, img := range spec.Train {
		whole, _ := img.Path.Whole()
		class[whole] = max(class[whole], img.Class)
		tiles[img.Class]++
	}
	for _, c := range class {
		photos[c]++
	}
	return photos, tiles
}
