package plan

import (
	"image"
	"slices"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/experiment"
	"kizu/orchestrator/stage"
)

// learnt refers to what LoRAs learn of defect photos, at a resolution, with the sizes of
// the regions around defects; of whole photos and tiles there are no sizes.
func (b *builder) learnt(images []dataset.Image, resolution int) (refs []stage.Ref, sizes []image.Point, err error) {
	if b.exp.Dataset.Crop == nil {
		refs, err = b.pictures(images)
		return refs, nil, err
	}
	for _, img := range images {
		region, err := b.views().around(img, resolution)
		if err != nil {
			return nil, nil, err
		}
		refs, sizes = append(refs, b.part(img, region)), append(sizes, region.Size())
	}
	return refs, sizes, nil
}

// beside refers to what is learnt of good photos beside regions of other sizes, or what
// images start from: the i-th photo's region has the i-th of the sizes, in turn, wherever
// it was drawn to lie. So good and defective surfaces are learnt, and made, at one scale.
// Without sizes they are whole photos or tiles.
func (b *builder) beside(sizes []image.Point, good []dataset.Image) ([]stage.Ref, error) {
	if len(sizes) == 0 {
		return b.pictures(good)
	}
	refs := make([]stage.Ref, len(good))
	for i, img := range good {
		size, err := sizeOf(img)
		if err != nil {
			return nil, err
		}
		refs[i] = b.part(img, drawnRegion(size, sizes[i%len(sizes)], drawFor(b.exp.Dataset.SplitSeed, "region", img)))
	}
	return refs, nil
}

// defectLoRA describes a LoRA that learns a defect, beside good photos.
func (b *builder) defectLoRA(class string, l experiment.LoRA, instance, regular []dataset.Image) (spec stage.TrainLoRA, err error) {
	learnt, sizes, err := b.learnt(instance, l.Resolution)
	if err != nil {
		return spec, err
	}
	good, err := b.beside(sizes, regular)
	if err != nil {
		return spec, err
	}
	defect := stage.Prompted{Images: learnt}
	if l.MaskedLoss {
		defect.Masks, err = b.masksOf("lora.masked_loss", instance, learnt)
	}
	return b.loraSpec(class, l, defect, good), err
}

// studySizes are those of the regions that study 2's LoRA of a class learns. They come from
// the masks of photos that are not tested on, so that a test photo's mask decides nothing.
// The good class's are those of all defects in turn: what is made of good parts must not be
// told from what is made of defects by its scale.
func (b *builder) studySizes(class string, c *experiment.Condition) ([]image.Point, error) {
	if b.exp.Dataset.Crop == nil {
		return nil, nil
	}
	if class != b.exp.Dataset.Good {
		images, resolution, n := b.division.Train[class], c.LoRA.Resolution, c.LoRA.DefectImages
		if p, ok := b.studyPattern(class, c); ok {
			resolution, n = p.Resolution, p.DefectImages
		}
		_, sizes, err := b.learnt(images[:min(n, len(images))], resolution)
		return sizes, err
	}
	return ofDefects(b, func(defect string) ([]image.Point, error) { return b.studySizes(defect, c) })
}

// ofDefects lists what there is of each class of defects, these in turn.
func ofDefects[T any](b *builder, of func(defect string) ([]T, error)) ([]T, error) {
	var lists [][]T
	for _, defect := range b.exp.Dataset.Defects {
		list, err := of(defect)
		if err != nil {
			return nil, err
		}
		lists = append(lists, list)
	}
	return inTurn(lists), nil
}

// inTurn takes the first of each list, then the second, and so on.
func inTurn[T any](lists [][]T) (all []T) {
	for i := 0; ; i++ {
		before := len(all)
		for _, list := range lists {
			if i < len(list) {
				all = append(all, list[i])
			}
		}
		if len(all) == before {
			return all
		}
	}
}

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
