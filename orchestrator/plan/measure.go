package plan

import (
	"fmt"
	"image"
	"slices"

	"kizu/orchestrator/experiment"
	"kizu/orchestrator/stage"
)

// Photos that features need: enough for a stable mean, few enough to be quick.
const (
	calibrationPhotos = 64
	heldOutPhotos     = 100 // of the defect, beyond those that train a LoRA
)

// measure plans the features of a pattern's images and, once for all patterns,
// of the photos that they are compared with.
func (b *builder) measure(cell *Cell) (err error) {
	const photos = "features of photos, study 1"
	if b.byLabel[photos] == nil {
		if b.compared, err = b.comparedPhotos(); err != nil {
			return err
		}
		spec := b.measureSpec(slices.Concat(b.compared.defects, b.compared.sources), "", 0)
		spec.Mirrored = b.compared.trained()
		if b.byLabel[photos], err = b.add(photos, spec); err != nil {
			return err
		}
	}
	cell.Photos = b.byLabel[photos]
	if b.exp.Base != "" {
		if cell.Autoencoded, err = b.measureAutoencoded(b.orUsual(cell.Pattern).LoRA); err != nil {
			return err
		}
	}
	label := fmt.Sprintf("features of images %s, %s, seed %d", b.exp.Patterns.Defect, cell.Name, cell.Seed)
	cell.Measure, err = b.measureImages(label, cell.Generate)
	return err
}

// measureImages plans the features of a pattern's images.
func (b *builder) measureImages(label string, images *Task) (*Task, error) {
	return b.add(label, b.measureSpec([]stage.Ref{}, images.file("images"), b.exp.Patterns.Measure), images)
}

// measureAutoencoded plans the features of the defect's photos as the base's autoencoder gives them
// back: all of them, then the mirror images of those that train LoRAs.
func (b *builder) measureAutoencoded(l experiment.LoRA) (*Task, error) {
	label := "features of autoencoded photos, study 1" + b.unusual(l)
	if same := b.byLabel[label]; same != nil {
		return same, nil
	}
	pictures, err := b.autoencode("study 1", stage.Autoencode{Images: b.compared.defects, Mirrored: b.compared.trained()}, l)
	if err != nil {
		return nil, err
	}
	made := pictures.Spec.(stage.Autoencode).Made()
	b.byLabel[label], err = b.add(label, b.measureSpec([]stage.Ref{}, pictures.file("images"), made), pictures)
	return b.byLabel[label], err
}

// measureSpec asks for the features of photos and of pictures in a folder.
func (b *builder) measureSpec(photos []stage.Ref, folder stage.Ref, count int) stage.Measure {
	if b.in.Encoder != nil {
		return stage.Measure{Model: experiment.Transformers, Weights: b.encoder(), Calibration: []stage.Ref{}, Images: photos, Folder: folder, Count: count, Rendering: b.rendering()}
	}
	return stage.Measure{
		Model: b.exp.Classifier.Model, Weights: b.weights(b.exp.Classifier.Weights), Resolution: b.exp.Classifier.Resolution,
		Calibration: b.compared.calibration, Images: photos, Folder: folder, Count: count, Rendering: b.rendering(),
	}
}

// compared are the photos that study 1's images are compared with.
type compared struct {
	defects []stage.Ref // in drawing order
	learnt  int         // how many of them, the first, train LoRAs
	sources []stage.Ref // what images start from; none where no method starts from photos

	calibration []stage.Ref // photos that every measurement begins with
}

func (c compared) trained() []stage.Ref { return c.defects[:c.learnt] }

// comparedPhotos are seen as LoRAs at the usual resolution see them.
func (b *builder) comparedPhotos() (c compared, err error) {
	study := b.exp.Patterns
	pool, good, train := b.division.Pool(study.Defect), b.patternGood(), b.division.Train[b.exp.Dataset.Good]
	c.learnt = b.learns
	var sizes []image.Point
	if c.defects, sizes, err = b.learnt(pool[:min(len(pool), c.learnt+heldOutPhotos)], b.exp.LoRA.Resolution); err != nil {
		return c, err
	}
	sizes = sizes[:min(len(sizes), c.learnt)]
	if c.sources, err = b.beside(sizes, good[:min(len(good), b.patternsStart())]); err != nil || b.in.Encoder != nil {
		return c, err
	}
	c.calibration, err = b.beside(sizes, train[:min(len(train), calibrationPhotos)])
	return c, err
}

// patternsLearn is how many photos of the defect study 1's LoRAs learn, at most.
func (b *builder) patternsLearn() int {
	learnt := 0
	for _, pattern := range b.exp.ExpandPatterns() {
		learnt = max(learnt, pattern.DefectImages)
	}
	return min(learnt, len(b.division.Pool(b.exp.Patterns.Defect)))
}

// patternsStart is how many photos study 1's images start from, at most.
func (b *builder) patternsStart() int {
	for _, pattern := range b.exp.ExpandPatterns() {
		if pattern.Generate.Uses(experiment.InputSource) {
			return b.exp.Patterns.Measure
		}
	}
	return 0
}
