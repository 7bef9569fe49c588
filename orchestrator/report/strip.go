package report

import (
	"fmt"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/plan"
	"kizu/orchestrator/stage"
)

// gallery is rows of pictures with what they are.
type gallery struct {
	heading string
	text    string
	rows    []galleryRow
}

// galleryRow is one row of a gallery: real photos, a pattern or a class.
type galleryRow struct {
	name   string  // among all rows of the report
	title  string  // in its gallery
	detail string  // steps, loss, counts
	strips []strip // one a seed; a single one for real photos
}

// strip is the first pictures of one task, none picked.
type strip struct {
	seed   int64
	state  state
	reason string
	tiles  []tile
}

// tile is one picture.
type tile struct {
	path  string
	title string // what it shows, its source and seed
	flag  string // blank, saturated or NaN
}

// generatedStrip takes the first pictures of a generation.
func generatedStrip(pictures []picture, prompt string, most int, seed int64, s state, reason string) strip {
	result := strip{seed: seed, state: s, reason: reason}
	for i, p := range pictures[:min(most, len(pictures))] {
		result.tiles = append(result.tiles, tile{
			path:  p.path,
			title: fmt.Sprintf("generated image %d of “%s”, from %s, image seed %s", i+1, prompt, p.sourceName, p.seed),
			flag:  p.flag(),
		})
	}
	return result
}

// prompt is what a pattern's images were asked for with.
func (c *cell) prompt() string { return c.Generate.Spec.(stage.Generate).Prompt }

// flag names what is wrong with a picture, the worst first.
func (p picture) flag() string {
	switch {
	case p.nan:
		return "NaN"
	case p.blank:
		return "blank"
	case p.saturated:
		return "saturated"
	}
	return ""
}

// realStrip takes the first photos of a list.
func realStrip(photos []dataset.Image, most int) strip {
	result := strip{state: done}
	for _, img := range photos[:min(most, len(photos))] {
		title := fmt.Sprintf("real photo %s (%s)", img.Name, img.Class)
		result.tiles = append(result.tiles, tile{path: img.Path, title: title})
	}
	return result
}

// photos finds the images of the dataset that refs name.
func (r *Report) photos(refs []stage.Ref) []dataset.Image {
	var photos []dataset.Image
	for _, ref := range refs {
		if img, ok := r.plan.Image(ref); ok {
			photos = append(photos, img)
		}
	}
	return photos
}

// sources lists the photos that a generation starts from.
func (r *Report) sources(task *plan.Task) []dataset.Image {
	return r.photos(task.Spec.(stage.Generate).Sources)
}
