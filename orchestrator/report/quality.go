package report

import (
	"slices"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/plan"
	"kizu/orchestrator/result"
)

// quality is how one pattern's images compare with photos, in the features of
// the network that measures them.
type quality struct {
	state  state // of the features
	reason string

	generated result.Features
	training  []dataset.Image // photos that trained the LoRA; of the baseline, any LoRA's
	nearest   []result.Neighbour
	copied    []bool
	sources   []result.Neighbour // nearest photo that img2img starts from
	diversity float64
	photos    photoFeatures
}

// photoFeatures are the photos of study 1, by what they are compared as.
type photoFeatures struct {
	training, heldOut, sources result.Features // held out: photos of the defect that trained nothing
}

// quality reads the features of a cell's images, if they are there.
func (s *source) quality(c *cell) (*quality, error) {
	q := &quality{}
	if q.state, q.reason = s.stateOf(c.Measure, c.Photos); q.state != done {
		return q, nil
	}
	var err error
	if q.generated, err = s.measured(c.Measure); err != nil {
		return nil, err
	}
	photos, err := s.measured(c.Photos)
	if err != nil {
		return nil, err
	}
	trained := s.trainedOn(c)
	for i, ref := range c.Photos.Spec.(plan.Measure).Images {
		img, _ := s.plan.Image(ref)
		switch {
		case img.Class != s.plan.Experiment.Patterns.Defect:
			q.photos.sources = append(q.photos.sources, photos[i])
		case slices.Contains(trained, ref):
			q.photos.training = append(q.photos.training, photos[i])
			q.training = append(q.training, img)
		default:
			q.photos.heldOut = append(q.photos.heldOut, photos[i])
		}
	}
	q.nearest = result.Nearest(q.generated, q.photos.training)
	q.copied = result.Copies(q.nearest, q.photos.reference())
	q.sources = result.Nearest(q.generated, q.photos.sources)
	q.diversity = result.Diversity(q.generated)
	return q, nil
}

// trainedOn lists the photos that trained a cell's LoRA. The baseline has none:
// it is compared with those of the pattern that has the most.
func (s *source) trainedOn(c *cell) []plan.Ref {
	var most []plan.Ref
	for _, other := range s.plan.Cells {
		if other.Train == nil || c.Train != nil && other.Train != c.Train {
			continue
		}
		if images := other.Train.Spec.(plan.TrainLoRA).Instance.Images; len(images) > len(most) {
			most = images
		}
	}
	return most
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

// defects are the photos that KID compares with: those that trained nothing,
// or all where those are fewer than enough.
func (p photoFeatures) defects() result.Features {
	const enough = 10
	if len(p.heldOut) >= enough {
		return p.heldOut
	}
	return slices.Concat(p.training, p.heldOut)
}

// reference is how near photos that are no copies come to training photos:
// those held out or, where there are fewer, the training photos to each other.
func (p photoFeatures) reference() []result.Neighbour {
	if len(p.heldOut) >= len(p.training) {
		return result.Nearest(p.heldOut, p.training)
	}
	return result.NearestOther(p.training)
}

// metrics are the rows that quality adds to results.csv.
func (q *quality) metrics() []metric {
	if q.state != done {
		return nil
	}
	list := []metric{
		{"distance_to_training", meanDistance(q.nearest)},
		{"distance_to_source", meanDistance(q.sources)},
		{"n_copies", float64(count(q.copied))},
		{"diversity", q.diversity},
	}
	if kid, ok := result.KID(q.generated, q.photos.defects()); ok {
		list = append(list, metric{"kid", kid.Mean}, metric{"kid_low", kid.Interval.Low}, metric{"kid_high", kid.Interval.High})
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
