package report

import (
	"fmt"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/plan"
	"kizu/orchestrator/report/gallery"
	"kizu/orchestrator/stage"
)

// generatedStrip takes the first pictures of a generation.
func generatedStrip(pictures []picture, prompt string, most int, seed int64, s state, reason string) gallery.Strip {
	result := gallery.Strip{Seed: seed, State: string(s), Reason: reason}
	for i, p := range pictures[:min(most, len(pictures))] {
		title := fmt.Sprintf("generated image %d", i+1)
		if p.candidate != "" {
			title = fmt.Sprintf("generated image %s, candidate %s", p.name, p.candidate)
		}
		if prompt != "" {
			title += " of “" + prompt + "”"
		}
		if p.sourceName != "" {
			title += ", from " + p.sourceName
		}
		result.Tiles = append(result.Tiles, gallery.Tile{
			Path:  p.path,
			Title: title + ", image seed " + p.seed,
			Flag:  p.flag(),
		})
	}
	return result
}

// prompt is what a pattern's images were asked for with.
func (c *cell) prompt() string { return c.Generate.Made().Prompt }

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
	return p.remark
}

// spoilt reports whether a picture shows nothing that could be looked at.
func (p picture) spoilt() bool { return p.nan || p.blank || p.saturated }

// realStrip takes the first photos of a list.
func realStrip(photos []dataset.Image, most int) gallery.Strip {
	result := gallery.Strip{State: gallery.Done}
	for _, img := range photos[:min(most, len(photos))] {
		title := fmt.Sprintf("real photo %s (%s)", img.Name, img.Class)
		result.Tiles = append(result.Tiles, gallery.Tile{Path: img.Path, Title: title})
	}
	return result
}

// learnt lists the photos that the training of a LoRA learnt its class from; none where
// there is no LoRA.
func (r *Report) learnt(lora *plan.Task) []dataset.Image {
	if lora == nil {
		return nil
	}
	return r.plan.ImagesAs(lora, stage.Instance)
}
