package report

import (
	"fmt"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/plan"
)

// sampleShown is how many of study 2's images of a class are shown.
const sampleShown = 8

// sampleGallery shows the generated images that study 2 trains on, each class
// under the real photos that its LoRA was trained on; false if it has none.
func (r *Report) sampleGallery() (gallery, bool) {
	g := gallery{
		heading: "Generated training images",
		text: fmt.Sprintf("For every class the first %d generated images, none picked, under the first of the real photos that its LoRA learnt from. "+
			"None of these photos is a test image.", sampleShown),
	}
	for _, class := range r.plan.Experiment.Dataset.Classes() {
		row := galleryRow{name: class + ", generated for study 2", title: class + ": generated"}
		var learnt []dataset.Image
		for _, s := range r.samples {
			if s.class != class {
				continue
			}
			row.strips = append(row.strips, generatedStrip(s.pictures, sampleShown, s.seed, s.state, s.reason))
			if spec := s.task.Needs[0].Spec.(plan.TrainLoRA); learnt == nil {
				learnt = r.photos(spec.Instance.Images)
				f := countFlags(s.pictures)
				row.detail = fmt.Sprintf("%d made, %d blank", len(s.pictures), f.blank)
			}
		}
		if len(row.strips) > 0 {
			g.rows = append(g.rows, galleryRow{
				name:   class + ", real, for study 2",
				title:  class + ": real",
				detail: fmt.Sprintf("%s trained the LoRA", plural(len(learnt), "photo")),
				strips: []strip{realStrip(learnt, sampleShown)},
			}, row)
		}
	}
	return g, len(g.rows) > 0
}
