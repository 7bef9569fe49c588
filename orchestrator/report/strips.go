package report

import (
	"fmt"
	"path/filepath"
	"slices"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/experiment"
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

// madeGallery shows how the first images of each class were made by each method, in the
// first seed that has them: the photo, where it was to change, the image, and what changed.
// Without rows if no image starts from a photo.
func (r *Report) madeGallery() gallery.Gallery {
	g := gallery.Gallery{
		Heading: "How images are made",
		Text: fmt.Sprintf("For every method and class the first %d images, none picked: the photo that each starts from, as the method saw it; "+
			"the mask of what may differ, where the method has one; the image; and what it adds to the photo and takes from it, on grey, four times as strong.", sampleShown),
	}
	var shown []string
	add := func(class string, task *plan.Task, pictures []picture) {
		spec := task.Made()
		method := methodOf(spec)
		name := class + ", by " + method
		if len(spec.Sources) == 0 || len(pictures) == 0 || slices.Contains(shown, name) {
			return
		}
		shown = append(shown, name)
		g.Rows = append(g.Rows, gallery.Row{
			Name: name + ", beside its photos", Title: class, Detail: "by " + method,
			Strips: r.madeStrips(spec, pictures[:min(sampleShown, len(pictures))]),
		})
	}
	for _, s := range r.samples {
		add(s.class, s.task, s.pictures)
	}
	for _, p := range r.patterns {
		for _, run := range p.runs {
			add(r.plan.Experiment.Patterns.Defect, run.Generate, run.pictures)
		}
	}
	return g
}

// methods lists those that images are made by.
func (r *Report) methods() (methods []string) {
	for _, task := range r.plan.Tasks {
		if spec, ok := task.Spec.(stage.Generate); ok {
			methods = appendNew(methods, methodOf(spec))
		}
	}
	return methods
}

// methodOf is the name of the method that a task makes images by.
func methodOf(s stage.Generate) string {
	if s.Method == "" {
		return experiment.UsualMethod
	}
	return s.Method
}

// madeStrips are the photos, masks, images and differences of some images.
func (r *Report) madeStrips(spec stage.Generate, pictures []picture) []gallery.Strip {
	masks := experiment.Methods[methodOf(spec)].Masks
	kinds := []string{gallery.Source, gallery.Outlined, "", gallery.Difference}
	if !masks {
		kinds = slices.Delete(kinds, 1, 2)
	}
	images := spec.NewImages()
	var strips []gallery.Strip
	for _, kind := range kinds {
		strip := gallery.Strip{State: gallery.Done}
		for i, p := range pictures {
			photo, _ := r.plan.Image(images[i].Source)
			tile := gallery.Tile{Path: p.path, Title: fmt.Sprintf("generated image %d", i+1)}
			if kind == "" {
				tile.Flag = p.flag()
			} else {
				tile.Compared = gallery.Comparison{Show: kind, Photo: photo.Path, Region: images[i].Source.Part()}
				tile.Title = madeTitles[kind] + tile.Title + ": " + photo.Name
			}
			if kind == gallery.Outlined {
				tile.Compared.Mask = filepath.Join(filepath.Dir(filepath.Dir(p.path)), "masks", p.name)
			}
			strip.Tiles = append(strip.Tiles, tile)
		}
		strips = append(strips, strip)
	}
	return strips
}

// madeTitles begin the titles of what is drawn beside an image.
var madeTitles = map[string]string{
	gallery.Source: "photo of ", gallery.Outlined: "mask of ", gallery.Difference: "difference of ",
}
