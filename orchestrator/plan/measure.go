package plan

import "fmt"

// Photos that features need: enough for a stable mean, few enough to be quick.
const (
	calibrationPhotos = 64
	heldOutPhotos     = 100 // of the defect, beyond those that train a LoRA
)

// transformersModel is what the stage calls a vision transformer of the library
// transformers, whose weights say what it is.
const transformersModel = "transformers"

// measure plans the features of a pattern's images and, once for all patterns,
// of the photos that they are compared with.
func (b *builder) measure(cell *Cell) (err error) {
	const photos = "features of photos, study 1"
	if b.byLabel[photos] == nil {
		if b.byLabel[photos], err = b.add(KindMeasure, photos, b.measureSpec(b.comparedPhotos())); err != nil {
			return err
		}
	}
	cell.Photos = b.byLabel[photos]
	var images []Ref
	for _, img := range cell.Generate.Spec.(Generate).Images {
		images = append(images, artifact(cell.Generate, "images/"+img.Name))
	}
	label := fmt.Sprintf("features of images %s, %s, seed %d", b.exp.Patterns.Defect, cell.Name, cell.Seed)
	cell.Measure, err = b.add(KindMeasure, label, b.measureSpec(images), cell.Generate)
	return err
}

func (b *builder) measureSpec(images []Ref) Measure {
	if b.in.Encoder != nil {
		return Measure{Model: transformersModel, Weights: b.encoder(), Calibration: []Ref{}, Images: images}
	}
	good := b.in.Division.Train[b.exp.Dataset.Good]
	return Measure{
		Model: b.exp.Classifier.Model, Weights: b.weights(b.exp.Classifier.Weights), Resolution: b.exp.Classifier.Resolution,
		Calibration: refs(good[:min(len(good), calibrationPhotos)]), Images: images,
	}
}

// comparedPhotos are the defect's photos in drawing order, those that train
// LoRAs first, and then the photos that img2img starts from.
func (b *builder) comparedPhotos() []Ref {
	study := b.exp.Patterns
	trained, pool := 0, b.in.Division.Pool(study.Defect)
	for _, pattern := range b.exp.ExpandPatterns() {
		trained = max(trained, pattern.DefectImages)
	}
	good := b.patternGood()
	return append(refs(pool[:min(len(pool), trained+heldOutPhotos)]), refs(good[:min(len(good), study.Show)])...)
}
