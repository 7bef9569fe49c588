package report

import (
	"fmt"
	"slices"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/plan"
	"kizu/orchestrator/report/gallery"
	"kizu/orchestrator/stage"
)

// generatedStrip takes the first pictures of a generation.
func generatedStrip(pictures []picture, prompt string, most int, seed int64, s state, reason string) gallery.Strip {
	result := gallery.Strip{Seed: seed, State: string(s), Reason: reason}
	for i, p := range pictures[:min(most, len(pictures))] {
		result.Tiles = append(result.Tiles, gallery.Tile{
			Path:  p.path,
			Title: fmt.Sprintf("generated image %d of “%s”, from %s, image seed %s", i+1, prompt, p.sourceName, p.seed),
			Flag:  p.flag(),
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
func realStrip(photos []dataset.Image, most int) gallery.Strip {
	result := gallery.Strip{State: gallery.Done}
	for _, img := range photos[:min(most, len(photos))] {
		title := fmt.Sprintf("real photo %s (%s)", img.Name, img.Class)
		result.Tiles = append(result.Tiles, gallery.Tile{Path: img.Path, Title: title})
	}
	return result
}

// photos finds the images of the dataset that refs name, or name regions of.
func (r *Report) photos(refs []stage.Ref) []dataset.Image { return r.plan.Photos(slices.Values(refs)) }

// sources lists the photos that a generation starts from.
func (r *Report) sources(task *plan.Task) []dataset.Image {
	return r.photos(task.Spec.(stage.Generate).Sources)
}
