package report

import (
	"fmt"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/report/gallery"
	"kizu/orchestrator/result"
)

// neighbourGallery shows every pattern's first images above the training photo
// that each is nearest to; without rows if nothing is measured.
func (r *Report) neighbourGallery() gallery.Gallery {
	g := gallery.Gallery{
		Heading: "Learnt or copied?",
		Text: "Each generated image above the photo, of those that trained its LoRA, that it is most like, pixel by pixel, as it is or mirrored. " +
			"Without a LoRA nothing was trained on; the photos are those of the largest pattern.",
	}
	for _, p := range r.patterns {
		for _, run := range p.runs {
			if run.quality.state != done {
				continue
			}
			q := run.quality
			g.Rows = append(g.Rows, gallery.Row{
				Name: p.name + ", nearest photos", Title: p.name,
				Detail: p.copiesDetail(q),
				Strips: []gallery.Strip{r.withCopies(p, run), run.nearestStrip(r.plan.Experiment.Patterns.Show)},
			})
			break // one seed shows it
		}
	}
	return g
}

// copiesDetail counts the copies among a run's images, where there can be any
// and they would be found.
func (p *pattern) copiesDetail(q *quality) string {
	switch {
	case !p.shown():
		return "cannot be copies"
	case q.copied == nil:
		return "nothing can be said of copies: too few that are known are found"
	}
	return fmt.Sprintf("%d of %s taken for copies", count(q.copied), english.Plural(len(q.copied), "image", ""))
}

// withCopies is a run's first images, those that are taken for copies marked, where there
// can be any.
func (r *Report) withCopies(p *pattern, run *cell) gallery.Strip {
	s := generatedStrip(run.pictures, run.prompt(), r.plan.Experiment.Patterns.Show, run.Seed, run.state, run.reason)
	for i := range s.Tiles {
		if !run.pictures[i].spoilt() && p.shown() && run.quality.copied != nil && run.quality.copied[i] {
			s.Tiles[i].Flag = "copy"
		}
	}
	return s
}

// nearestStrip is the training photo that each of the first images is most like.
func (c *cell) nearestStrip(most int) gallery.Strip {
	s := gallery.Strip{State: gallery.Done}
	for i, n := range c.quality.alike[:min(most, len(c.quality.alike))] {
		if n.Index < 0 {
			continue
		}
		img := c.quality.training[n.Index]
		title := fmt.Sprintf("most like generated image %d: real photo %s, correlation %s", i+1, img.Name, minus(fmt.Sprintf("%.2f", 1-n.Distance*n.Distance/2)))
		s.Tiles = append(s.Tiles, gallery.Tile{Path: img.Path, Title: title})
	}
	return s
}

// copiesAnswer says how many images are taken for copies of training photos. It
// says nothing where the test does not find copies that are known.
func (r *Report) copiesAnswer() []string {
	images, copies := 0, 0
	var test *result.CopyTest // of the most training photos
	var by []string
	made := "made with LoRAs"
	for _, p := range r.patterns {
		q := p.quality()
		if q == nil || !p.shown() || !q.test.Works() {
			continue
		}
		if !p.recipe.Trains() {
			made = "made with LoRAs or beside a photo of the defect"
		}
		images, copies = images+q.images, copies+q.copies
		if test == nil || q.test.Autoencoded.Of > test.Autoencoded.Of {
			test = q.test
		}
		if q.copies > 0 {
			by = append(by, fmt.Sprintf("%d of %d with “%s”", q.copies, q.images, p.name))
		}
	}
	if images == 0 {
		return nil
	}
	text := fmt.Sprintf("None of %s %s lies as near to a training photo, pixel by pixel, as a copy would", english.Plural(images, "image", ""), made)
	if copies > 0 {
		chance := "which is not shown to be more than chance"
		if p := test.Chance(copies, images); p < 0.05 {
			chance = "which is more than chance does, p " + probability(p)
		}
		text = fmt.Sprintf("%d of %s %s lie nearer to a training photo, pixel by pixel, than photos that trained nothing do, %s: %s",
			copies, english.Plural(images, "image", ""), made, chance, english.WordSeries(by, "and"))
	}
	return []string{text + "; " + test.Note() + "."}
}
