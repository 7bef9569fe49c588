package report

import (
	"fmt"
	"path/filepath"

	"kizu/orchestrator/experiment"
	"kizu/orchestrator/report/table"
	"kizu/orchestrator/result"
)

// patternQuality is how the images of all seeds of a pattern compare with photos.
type patternQuality struct {
	images, copies                  int
	test                            *result.CopyTest // of copies
	toTraining, toSource, diversity result.Spread    // over seeds, of means
	kid                             result.Estimate
	hasKID                          bool
}

// quality is nil if no seed is measured.
func (p *pattern) quality() *patternQuality {
	var q patternQuality
	var training, source, diversity []float64
	for _, run := range p.runs {
		if run.quality.state != done {
			continue
		}
		q.images += len(run.quality.generated)
		q.copies, q.test = q.copies+count(run.quality.copied), run.quality.photos.copies
		training = append(training, meanDistance(run.quality.nearest))
		if len(run.quality.photos.sources) > 0 {
			source = append(source, meanDistance(run.quality.sources))
		}
		diversity = append(diversity, run.quality.diversity)
	}
	if q.images == 0 {
		return nil
	}
	q.toTraining, q.toSource, q.diversity = result.Over(training), result.Over(source), result.Over(diversity)
	q.kid, q.hasKID = result.KID(p.looks())
	return &q
}

// looks are the features of the images of all seeds, and of the photos that they are compared with.
func (p *pattern) looks() (generated, photos result.Features) {
	for _, run := range p.runs {
		if run.quality.state == done {
			generated, photos = append(generated, run.quality.generated...), run.quality.photos.defects()
		}
	}
	return generated, photos
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

// copiesText is how many images are taken for copies, if that says anything.
func (q *patternQuality) copiesText() string {
	if !q.test.Works() {
		return "–"
	}
	return fmt.Sprintf("%d of %d", q.copies, q.images)
}

// qualityGrid compares the patterns' images with photos. The first rows are of
// photos: what images that are neither odd nor copied score, and controls.
func (r *Report) qualityGrid() table.Table {
	g := table.Table{
		Title: "Study 1, images compared with photos by the features of " + r.featuresOf(),
		Columns: []table.Column{
			{Head: "pattern"}, {Head: "images", Numeric: true, Extra: 2}, {Head: "to training photo", Numeric: true},
			{Head: "copies", Numeric: true}, {Head: "to source photo", Numeric: true, Extra: 2},
			{Head: "diversity", Numeric: true, Extra: 1}, {Head: "KID", Numeric: true}, {Head: "95 % interval", Numeric: true, Extra: 2},
		},
		Notes: []string{result.DistanceMeaning},
	}
	if r.plan.Encoder == nil && r.plan.Experiment.Classifier.Weights == experiment.NoWeights {
		g.Notes = append(g.Notes, result.UntrainedMeaning)
	}
	g.Rows, g.Notes = photoRows(r.photoLooks()), append(g.Notes, r.qualityNotes()...)
	for _, p := range r.patterns {
		q := p.quality()
		if q == nil {
			g.Rows = append(g.Rows, []string{p.name, "–", string(p.qualityState()), "–", "–", "–", "–", "–"})
			continue
		}
		g.Rows = append(g.Rows, append([]string{
			p.name, fmt.Sprint(q.images), distances(q.toTraining), q.copiesText(),
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

// distance writes a distance of features.
func distance(value float64) string { return fmt.Sprintf("%.3g", value) }

// distances writes a mean of distances, with its deviation over several seeds.
func distances(s result.Spread) string {
	if s.N == 0 {
		return "–"
	}
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
