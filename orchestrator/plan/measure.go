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
		if b.byLabel[photos], err = b.add(KindMeasure, photos, b.measureSpec(b.comparedPhotos(), "", 0)); err != nil {
			return err
		}
	}
	cell.Photos = b.byLabel[photos]
	label := fmt.Sprintf("features of images %s, %s, seed %d", b.exp.Patterns.Defect, cell.Name, cell.Seed)
	cell.Measure, err = b.add(KindMeasure, label, b.measureSpec([]Ref{}, artifact(cell.Generate, "images"), b.exp.Patterns.Show), cell.Generate)
	return err
}

// measureSpec asks for the features of photos and of generated images in a folder.
func (b *builder) measureSpec(photos []Ref, folder Ref, count int) Measure {
	if b.in.Encoder != nil {
		return Measure{Model: transformersModel, Weights: b.encoder(), Calibration: []Ref{}, Images: photos, Folder: folder, Count: count, Levels: b.in.Set.Levels}
	}
	if b.calibration == nil {
		good := b.in.Division.Train[b.exp.Dataset.Good]
		b.calibration = b.refsOf(good[:min(len(good), calibrationPhotos)])
	}
	return Measure{
		Model: b.exp.Classifier.Model, Weights: b.weights(b.exp.Classifier.Weights), Resolution: b.exp.Classifier.Resolution,
		Calibration: b.calibration, Images: photos, Folder: folder, Count: count, Levels: b.in.Set.Levels,
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
	return append(b.refsOf(pool[:min(len(pool), trained+heldOutPhotos)]), b.refsOf(good[:min(len(good), study.Show)])...)
}
