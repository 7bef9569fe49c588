package report

import "fmt"

// neighbourGallery shows every pattern's first images above the training photo
// that each is nearest to; false if nothing is measured.
func (r *Report) neighbourGallery() (gallery, bool) {
	g := gallery{
		heading: "Learnt or copied?",
		text: "Each generated image above the photo, of those that trained its LoRA, that is nearest to it. " +
			"Without a LoRA nothing was trained on; the photos are those of the largest pattern.",
	}
	for _, p := range r.patterns {
		for _, run := range p.runs {
			if run.quality.state != done {
				continue
			}
			q := run.quality
			g.rows = append(g.rows, galleryRow{
				name: p.name + ", nearest photos", title: p.name,
				detail: fmt.Sprintf("%d of %s taken for copies", count(q.copied), plural(len(q.copied), "image")),
				strips: []strip{r.withCopies(run), run.nearestStrip(r.plan.Experiment.Patterns.Show)},
			})
			break // one seed shows it
		}
	}
	return g, len(g.rows) > 0
}

// withCopies is a run's first images, those that are taken for copies marked.
func (r *Report) withCopies(run *cell) strip {
	s := generatedStrip(run.pictures, run.prompt(), r.plan.Experiment.Patterns.Show, run.Seed, run.state, run.reason)
	for i := range s.tiles {
		if s.tiles[i].flag == "" && run.quality.copied[i] {
			s.tiles[i].flag = "copy"
		}
	}
	return s
}

// nearestStrip is the nearest training photo of each of the first images.
func (c *cell) nearestStrip(most int) strip {
	s := strip{state: done}
	for i, n := range c.quality.nearest[:min(most, len(c.quality.nearest))] {
		if n.Index < 0 {
			continue
		}
		img := c.quality.training[n.Index]
		title := fmt.Sprintf("nearest to generated image %d: real photo %s, distance %s", i+1, img.Name, distance(n.Distance))
		s.tiles = append(s.tiles, tile{path: img.Path, title: title})
	}
	return s
}
