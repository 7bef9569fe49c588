package report

import (
	"fmt"
	"path/filepath"

	"kizu/orchestrator/result"
)

// patternQuality is how the images of all seeds of a pattern compare with photos.
type patternQuality struct {
	images, copies                  int
	toTraining, toSource, diversity result.Spread // over seeds, of means
	kid                             result.Estimate
	hasKID                          bool
}

// quality is nil if no seed is measured.
func (p *pattern) quality() *patternQuality {
	var q patternQuality
	var training, source, diversity []float64
	var all, photos result.Features
	for _, run := range p.runs {
		if run.quality.state != done {
			continue
		}
		q.images += len(run.quality.generated)
		q.copies += count(run.quality.copied)
		training = append(training, meanDistance(run.quality.nearest))
		source = append(source, meanDistance(run.quality.sources))
		diversity = append(diversity, run.quality.diversity)
		all, photos = append(all, run.quality.generated...), run.quality.photos.defects()
	}
	if q.images == 0 {
		return nil
	}
	q.toTraining, q.toSource, q.diversity = result.Over(training), result.Over(source), result.Over(diversity)
	q.kid, q.hasKID = result.KID(all, photos)
	return &q
}

// qualityState says why a pattern has no features.
func (p *pattern) qualityState() state {
	if len(p.runs) == 0 {
		return stateOfRow(p.cells)
	}
	for _, run := range p.runs {
		if run.quality.state == failed {
			return failed
		}
	}
	return missing
}

// qualityGrid compares the patterns' images with photos. The first row is of
// photos: what images that are neither odd nor copied score.
func (r *Report) qualityGrid() grid {
	g := grid{
		title: "Study 1, images compared with photos by the features of " + r.featuresOf(),
		columns: []column{
			{head: "pattern"}, {head: "images", numeric: true, extra: 1}, {head: "to training photo", numeric: true},
			{head: "copies", numeric: true}, {head: "to source photo", numeric: true, extra: 1},
			{head: "diversity", numeric: true}, {head: "KID", numeric: true}, {head: "95 % interval", numeric: true, extra: 1},
		},
		notes: []string{"distances are Euclidean, means over images of that to the nearest photo; " +
			"a copy is nearer to a training photo than 95 % of photos that trained nothing, or than all of them if they are few; diversity is the mean distance of two images; " +
			"KID is the kernel distance to photos of the defect, 0 for images like them"},
	}
	if r.plan.Encoder == nil && r.plan.Experiment.Classifier.Weights == "none" {
		g.notes = append(g.notes, "without weights the network has learnt nothing, so its distances say little")
	}
	if row, note, ok := r.photoRow(); ok {
		g.rows, g.notes = append(g.rows, row), append(g.notes, note)
	}
	for _, p := range r.patterns {
		q := p.quality()
		if q == nil {
			g.rows = append(g.rows, []string{p.name, "–", string(p.qualityState()), "–", "–", "–", "–", "–"})
			continue
		}
		g.rows = append(g.rows, append([]string{
			p.name, fmt.Sprint(q.images), distances(q.toTraining), fmt.Sprintf("%d of %d", q.copies, q.images),
			distances(q.toSource), distances(q.diversity),
		}, kernelDistance(q.kid, q.hasKID)...))
	}
	return g
}

// featuresOf names the network that distances and KID are of; they mean nothing
// beside those of another.
func (r *Report) featuresOf() string {
	k, encoder := r.plan.Experiment.Classifier, r.plan.Encoder
	switch {
	case encoder == nil:
		return fmt.Sprintf("%s, weights %s, at %d pixels", k.Model, k.Weights, k.Resolution)
	case encoder.Path == "":
		return encoder.Name
	}
	return fmt.Sprintf("%s (sha256 %.12s)", filepath.Base(encoder.Path), encoder.SHA256)
}

// photoRow is what photos of the defect that trained no LoRA score or, where
// there are not two of them, the training photos among themselves.
func (r *Report) photoRow() (row []string, note string, ok bool) {
	p := r.photoFeatures()
	trained := plural(len(p.training), "training photo")
	switch n := len(p.heldOut); {
	case len(p.training) == 0:
		return nil, "", false
	case n > 1:
		row = photoScores("photos held out", p.heldOut, p.sources, result.Nearest(p.heldOut, p.training),
			"–")
		kid, has := result.KID(p.training, p.heldOut)
		note = fmt.Sprintf("the first row is of %s of the defect that trained no LoRA; its KID is that of the %s", plural(n, "photo"), trained)
		return append(row, kernelDistance(kid, has)...), note, true
	}
	row = photoScores("training photos", p.training, p.sources, result.NearestOther(p.training), "–")
	note = fmt.Sprintf("all photos of the defect train LoRAs, so the first row compares the %s with each other", trained)
	return append(row, kernelDistance(result.Estimate{}, false)...), note, true
}

// photoFeatures are the photos as the pattern with the most training photos has
// them.
func (r *Report) photoFeatures() photoFeatures {
	var p photoFeatures
	for _, pattern := range r.patterns {
		for _, run := range pattern.runs {
			if q := run.quality; q.state == done && len(q.photos.training) > len(p.training) {
				p = q.photos
			}
		}
	}
	return p
}

func photoScores(name string, photos, sources result.Features, nearest []result.Neighbour, copies string) []string {
	return []string{
		name, fmt.Sprint(len(photos)), distance(meanDistance(nearest)), copies,
		distance(meanDistance(result.Nearest(photos, sources))), distance(result.Diversity(photos)),
	}
}

// distance writes a distance of features.
func distance(value float64) string { return fmt.Sprintf("%.3g", value) }

// distances writes a mean of distances, with its deviation over several seeds.
func distances(s result.Spread) string {
	if s.N < 2 {
		return distance(s.Mean)
	}
	return distance(s.Mean) + " ± " + distance(s.SD)
}

// kernelDistance writes KID and its interval.
func kernelDistance(e result.Estimate, ok bool) []string {
	if !ok {
		return []string{"–", "–"}
	}
	write := func(x float64) string { return minus(fmt.Sprintf("%.3f", x)) }
	return []string{write(e.Mean), write(e.Interval.Low) + " to " + write(e.Interval.High)}
}
