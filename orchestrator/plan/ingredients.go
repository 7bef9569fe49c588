package plan

import (
	"fmt"
	"image"
	"slices"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/experiment"
	"kizu/orchestrator/stage"
)

// origins are the photos that images of a class may be made from.
type origins struct {
	good    []dataset.Image // sources, in drawing order
	defects []dataset.Image // that train the class's LoRA; for good images, those of all defects in turn

	ofGood     bool          // the images are to be of good parts
	resolution int           // that LoRAs learn at
	sizes      []image.Point // of the regions that they learn; none of whole photos
}

// materials are what images of a class are made from besides a LoRA, and photos that they are
// chosen by.
type materials struct {
	stage.Ingredients
	guides      stage.Guides
	calibration []stage.Ref // of the network that is shown both
}

// materials are those of some origins.
func (b *builder) materials(g experiment.Generate, o origins) (m materials, err error) {
	if m.Ingredients, err = b.ingredients(g, o); err != nil || !g.Select.Looks() {
		return m, err
	}
	defects, good := &m.guides.Photos, &m.guides.Others
	if o.ofGood {
		defects, good = good, defects
	}
	if *defects, err = b.defectsSeen(g, o); err == nil {
		*good, err = b.goodSeen(g, o, o.good)
	}
	if err == nil && b.in.Encoder == nil {
		// The last, which others use least: a network knows those that calibrate it too well.
		train := b.division.Train[b.exp.Dataset.Good]
		m.calibration, err = b.goodSeen(g, o, train[max(0, len(train)-calibrationPhotos):])
	}
	return m, err
}

// ingredients are what a method is given of some origins. Images of good parts are made by
// the same operation as those of defects, so that it gives no class away: in the shapes of
// defects, with what another good photo shows.
func (b *builder) ingredients(g experiment.Generate, o origins) (in stage.Ingredients, err error) {
	if b.in.Base.Inpaints && g.How().Denoises && !g.How().Masks {
		return in, fmt.Errorf("base model %s is made for inpainting, and method %s has no mask to show it: use generate.method inpaint, or another base model", b.in.Base.Name, g.Method)
	}
	if g.Uses(experiment.InputSource) {
		if in.Sources, err = b.goodSeen(g, o, o.good); err != nil {
			return in, err
		}
	}
	if !g.UsesDefects() {
		return in, nil
	}
	if len(o.defects) == 0 {
		return in, fmt.Errorf("images by method %s are made from photos of defects, or chosen by them, and no entry of patterns.matrix says how many (defect_images)", g.Method)
	}
	defects, err := b.defectsSeen(g, o)
	if err != nil {
		return in, err
	}
	switch {
	case !g.Uses(experiment.InputDefect):
	case o.ofGood: // each image shows something of the photo after its source
		n := min(1, len(o.good))
		in.Defects, err = b.goodSeen(g, o, slices.Concat(o.good[n:], o.good[:n]))
	default:
		in.Defects = defects
	}
	if err == nil && g.Uses(experiment.InputMask) {
		in.Masks, err = b.masksOf("method "+g.Method, o.defects, defects)
	}
	return in, err
}

// goodSeen refers to what is seen of good photos: as classifiers see them where images keep
// what the photo shows, otherwise as LoRAs do.
func (b *builder) goodSeen(g experiment.Generate, o origins, good []dataset.Image) ([]stage.Ref, error) {
	if g.How().Masks {
		return b.pictures(good)
	}
	return b.beside(o.sizes, good)
}

// defectsSeen refers to what is seen of photos of defects, likewise.
func (b *builder) defectsSeen(g experiment.Generate, o origins) (refs []stage.Ref, err error) {
	if g.How().Masks {
		return b.pictures(o.defects)
	}
	refs, _, err = b.learnt(o.defects, o.resolution)
	return refs, err
}

// masksOf refers to the masks of photos of defects, in the region that is seen of each. The
// setting is what needs them.
func (b *builder) masksOf(setting string, images []dataset.Image, seen []stage.Ref) ([][]stage.Ref, error) {
	masks := make([][]stage.Ref, len(images))
	for i, img := range images {
		if _, err := b.views().mask(img, setting); err != nil {
			return nil, err
		}
		_, fragment := seen[i].Whole()
		for _, file := range img.Marking.Files {
			masks[i] = append(masks[i], stage.ByHash(file.SHA256)+stage.Ref(fragment))
		}
	}
	return masks, nil
}

// studyIngredients are those of study 2's images of a class.
func (b *builder) studyIngredients(class string, c *experiment.Condition) (m materials, err error) {
	o := origins{ofGood: class == b.exp.Dataset.Good, resolution: c.LoRA.Resolution}
	if g := c.LoRA.Generate; g.Uses(experiment.InputSource) || g.Uses(experiment.InputDefect) || g.Select.Looks() {
		if o.good, err = b.studyGood(class, drawing{c.LoRA.SourceImages, sourcesOf(g)}); err != nil {
			return m, err
		}
	}
	if o.sizes, err = b.studySizes(class, c); err != nil {
		return m, err
	}
	if c.LoRA.Generate.UsesDefects() {
		if o.defects, err = b.studyDefects(class, c); err != nil {
			return m, err
		}
	}
	return b.materials(c.LoRA.Generate, o)
}

// studyDefects lists the photos of defects that study 2's images of a class are made from:
// those that train its LoRA, or would; for good images, those of all defects in turn.
func (b *builder) studyDefects(class string, c *experiment.Condition) ([]dataset.Image, error) {
	use := "images by method " + c.LoRA.Generate.Method
	if p, ok := b.studyPattern(class, c); ok {
		return drawing{p.DefectImages, use}.first(b.division.Pool(class), class)
	}
	if class != b.exp.Dataset.Good {
		return b.train(class, drawing{c.LoRA.DefectImages, use})
	}
	return ofDefects(b, func(defect string) ([]dataset.Image, error) { return b.studyDefects(defect, c) })
}

// truncated leaves of each list what n images are made from.
func truncated(in stage.Ingredients, n int) stage.Ingredients {
	in.Sources = in.Sources[:min(n, len(in.Sources))]
	in.Defects = in.Defects[:min(n, len(in.Defects))]
	in.Masks = in.Masks[:min(n, len(in.Masks))]
	return in
}

// pixels is about how many pixels images have that keep their source's: as many as the
// largest has; 0 where photos were not looked at.
func (b *builder) pixels(sources []stage.Ref) (most int) {
	for _, ref := range sources {
		img, _ := b.plan.Image(ref)
		size := image.Pt(img.Picture.Width, img.Picture.Height)
		if b.views().tiled() && size.X > 0 {
			size = tilesOf(size, b.exp.Dataset.Fit.Tiles)[0].Size()
		}
		most = max(most, size.X*size.Y)
	}
	return most
}

// maskOf is a file that marks a photo.
type maskOf struct {
	path  string
	photo dataset.Image
}

// masksByHash finds files of masks. Where two photos have equal ones, the mask counts as
// that of one that is not tested on, if there is one: it says no more of the other.
func masksByHash(set *dataset.Set, division *dataset.Division) map[string]maskOf {
	tested := division.TestedHashes()
	masks := map[string]maskOf{}
	for _, img := range set.Images {
		if img.Marking == nil {
			continue
		}
		for _, file := range img.Marking.Files {
			if known, ok := masks[file.SHA256]; !ok || tested[known.photo.SHA256] && !tested[img.SHA256] {
				masks[file.SHA256] = maskOf{file.Path, img}
			}
		}
	}
	return masks
}
