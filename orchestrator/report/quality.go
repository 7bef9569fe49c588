package report

import (
	"slices"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/plan"
	"kizu/orchestrator/result"
	"kizu/orchestrator/stage"
)

// quality is how one pattern's images compare with photos, in the features of
// the network that measures them and, for copies, pixel by pixel.
type quality struct {
	state  state // of the features
	reason string

	generated result.Features
	training  []dataset.Image    // photos that trained the LoRA; of the baseline, any LoRA's
	nearest   []result.Neighbour // of them, by features
	alike     []result.Neighbour // of them, pixel by pixel
	copied    []bool             // nil where nothing can be said of copies
	sources   []result.Neighbour // nearest photo that images start from, by features
	diversity float64
	photos    *photoLooks
}

// photoLooks are the photos of study 1, by what they are compared as. Held out
// are photos of the defect that trained nothing.
type photoLooks struct {
	training, heldOut, sources result.Features
	autoencoded                struct{ training, mirrored, heldOut result.Features }
	copies                     *result.CopyTest
}

// quality reads the features of a cell's images, if they are there.
func (s *source) quality(c *cell) (*quality, error) {
	q := &quality{}
	if q.state, q.reason = s.stateOf(c.Observed()...); q.state != done {
		return q, nil
	}
	generated, err := s.measured(c.Measure)
	if err != nil {
		return nil, err
	}
	if q.photos, q.training, err = s.photoLooks(c); err != nil {
		return nil, err
	}
	q.generated = generated.features
	q.nearest = result.Nearest(q.generated, q.photos.training)
	q.alike = q.photos.copies.Nearest(generated.pixels)
	q.copied = q.photos.copies.Copies(q.alike)
	q.sources = result.Nearest(q.generated, q.photos.sources)
	q.diversity = result.Diversity(q.generated)
	return q, nil
}

// photoLooks reads the features of the photos that a cell's images are compared
// with, and says which of these trained its LoRA.
func (s *source) photoLooks(c *cell) (*photoLooks, []dataset.Image, error) {
	photos, err := s.measured(c.Photos)
	if err != nil {
		return nil, nil, err
	}
	again := &look{} // without a base model
	if c.Autoencoded != nil {
		if again, err = s.measured(c.Autoencoded); err != nil {
			return nil, nil, err
		}
	}
	spec, trained := c.Photos.Spec.(stage.Measure), s.trainedOn(c)
	var training, heldOut, sources, mirrored, mirroredAgain []int // places among the rows
	var images []dataset.Image
	for i, ref := range spec.Images {
		img, _ := s.plan.Image(ref)
		switch {
		case img.Class != s.plan.Experiment.Patterns.Defect:
			sources = append(sources, i)
		case trained[img.SHA256]:
			training, images = append(training, i), append(images, img)
		default:
			heldOut = append(heldOut, i)
		}
	}
	// Mirror images are the last rows, also of the autoencoded, in the same order.
	first, firstAgain := len(photos.features)-len(spec.Mirrored), len(again.features)-len(spec.Mirrored)
	for i, ref := range spec.Mirrored {
		if img, _ := s.plan.Image(ref); trained[img.SHA256] {
			mirrored, mirroredAgain = append(mirrored, first+i), append(mirroredAgain, firstAgain+i)
		}
	}
	p := &photoLooks{training: photos.of(training).features, heldOut: photos.of(heldOut).features, sources: photos.of(sources).features}
	p.autoencoded.training, p.autoencoded.heldOut = again.of(training).features, again.of(heldOut).features
	p.autoencoded.mirrored = again.of(mirroredAgain).features
	p.copies = result.NewCopyTest(result.CopyPhotos{
		Training: photos.of(training).pixels, Mirrored: photos.of(mirrored).pixels,
		Autoencoded: again.of(training).pixels, AutoencodedMirrored: again.of(mirroredAgain).pixels,
		AutoencodedHeldOut: again.of(heldOut).pixels,
	})
	return p, images, nil
}

// trainedOn has the hashes of the photos of the defect that a cell's images are made from,
// by a LoRA or by being shown, whatever was seen of them. Images that are made from none are
// compared with those of the pattern that has the most.
func (s *source) trainedOn(c *cell) map[string]bool {
	most := s.shown(c.Cell)
	if len(most) == 0 {
		for _, other := range s.plan.Cells {
			if images := s.shown(other); len(images) > len(most) {
				most = images
			}
		}
	}
	hashes := map[string]bool{}
	for _, img := range most {
		hashes[img.SHA256] = true
	}
	return hashes
}

// shown lists the photos of the defect that a pattern's images are made from.
func (s *source) shown(c plan.Cell) []dataset.Image {
	if c.Train != nil {
		return s.plan.ImagesAs(c.Train, stage.Instance)
	}
	if c.Generate == nil {
		return nil
	}
	return s.plan.ImagesAs(c.Generate.Candidates()[0], stage.Reference)
}

// count is how many of the images are taken for copies.
func count(copied []bool) int {
	n := 0
	for _, is := range copied {
		if is {
			n++
		}
	}
	return n
}

// controlled says whether there are autoencoded photos.
func (p *photoLooks) controlled() bool {
	return len(p.autoencoded.training)+len(p.autoencoded.heldOut) > 0
}

// heldOutEnough says whether KID compares with the photos that trained nothing alone.
func (p *photoLooks) heldOutEnough() bool {
	const enough = 10
	return len(p.heldOut) >= enough
}

// defects are the photos that KID compares with: those that trained nothing,
// or all where those are fewer than enough.
func (p *photoLooks) defects() result.Features {
	if p.heldOutEnough() {
		return p.heldOut
	}
	return slices.Concat(p.training, p.heldOut)
}

// autoencodedKID is KID's control: the same photos, autoencoded.
func (p *photoLooks) autoencodedKID() (result.Estimate, bool) {
	if p.heldOutEnough() {
		return result.PairedKID(p.autoencoded.heldOut, p.heldOut)
	}
	return result.PairedKID(slices.Concat(p.autoencoded.training, p.autoencoded.heldOut), p.defects())
}

// reference is how near to training photos others come, autoencoded: those held
// out or, where there are fewer, the training photos to each other.
func (p *photoLooks) reference() []result.Neighbour {
	if len(p.heldOut) >= len(p.training) {
		return result.Nearest(p.autoencoded.heldOut, p.training)
	}
	return result.NearestOther(p.autoencoded.training, p.training)
}

// metrics are the rows that quality adds to results.csv.
func (q *quality) metrics() []metric {
	if q.state != done {
		return nil
	}
	test := q.photos.copies
	list := []metric{
		{"distance_to_training", meanDistance(q.nearest)},
		{"diversity", q.diversity},
		{"n_training_photos", float64(test.Autoencoded.Of)},
		{"n_training_photos_found", float64(test.Autoencoded.Found)},
		{"n_training_photos_found_mirrored", float64(test.Mirrored.Found)},
	}
	if len(q.photos.sources) > 0 {
		list = slices.Insert(list, 1, metric{"distance_to_source", meanDistance(q.sources)})
	}
	if test.Works() {
		list = append(list, metric{"n_copies", float64(count(q.copied))})
	}
	if kid, ok := result.KID(q.generated, q.photos.defects()); ok {
		list = append(list, metric{"kid", kid.Mean}, metric{"kid_low", kid.Interval.Low}, metric{"kid_high", kid.Interval.High})
	}
	if kid, ok := q.photos.autoencodedKID(); ok {
		list = append(list, metric{"kid_autoencoded", kid.Mean}, metric{"kid_autoencoded_low", kid.Interval.Low}, metric{"kid_autoencoded_high", kid.Interval.High})
	}
	return list
}

// meanDistance is the mean over images that have a neighbour; 0 without any.
func meanDistance(neighbours []result.Neighbour) float64 {
	var distances []float64
	for _, n := range neighbours {
		if n.Index >= 0 {
			distances = append(distances, n.Distance)
		}
	}
	return result.Over(distances).Mean
}
