package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/plan"
	"kizu/orchestrator/report/gallery"
)

// sampleShown is how many generated images of a class are shown where no setting says it.
const sampleShown = 8

// sampleGallery shows the generated images that study 2 trains on, each class
// under the real photos that its LoRA was trained on; without rows if it has none.
func (r *Report) sampleGallery() gallery.Gallery {
	g := gallery.Gallery{
		Heading: "Generated training images",
		Text: fmt.Sprintf("For every class the first %d generated images, none picked%s, under the first of the real photos that its LoRA learnt from. "+
			"None of these photos is a test image.", sampleShown, r.picked()),
	}
	for _, class := range r.plan.Experiment.Dataset.Classes() {
		rows, learnt := r.sampleRows(class)
		if len(rows) > 0 && len(learnt) > 0 {
			real := gallery.Row{
				Name:   class + ", real, for study 2",
				Title:  class + ": real",
				Detail: fmt.Sprintf("%s trained the LoRA", english.Plural(len(learnt), "photo", "photos")),
				Strips: []gallery.Strip{realStrip(learnt, sampleShown)},
			}
			g.Rows = append(g.Rows, real)
		}
		g.Rows = append(g.Rows, rows...)
	}
	return g
}

// sampleRows shows the generated images of a class: a row for each way to make
// them, a strip for each seed. learnt are the photos that its LoRA knows.
func (r *Report) sampleRows(class string) (rows []gallery.Row, learnt []dataset.Image) {
	byVariant := map[string][]*sample{}
	var variants []string
	for _, s := range r.samples {
		if s.class != class {
			continue
		}
		if byVariant[s.variant] == nil {
			variants = append(variants, s.variant)
		}
		byVariant[s.variant] = append(byVariant[s.variant], s)
		if photos := r.learnt(s.task.LoRA()); len(photos) > len(learnt) {
			learnt = photos
		}
	}
	for _, variant := range variants {
		row := gallery.Row{Name: class + ", generated for study 2", Title: class + ": generated"}
		if variant != "" {
			row.Name, row.Title = row.Name+", "+variant, row.Title+", "+variant
		}
		made, f, thrown := 0, flags{}, []gallery.Strip(nil)
		var chosen *choice
		for _, s := range byVariant[variant] {
			row.Strips = append(row.Strips, generatedStrip(s.pictures, s.task.Made().Prompt, sampleShown, s.seed, s.state, s.reason))
			if s.choice != nil {
				chosen = chosen.plus(s.choice)
				thrown = append(thrown, s.choice.strip(s.task.Made().Prompt, s.seed))
			}
			made += len(s.pictures)
			f = f.plus(countFlags(s.pictures))
		}
		row.Detail = fmt.Sprintf("%d made, %d blank, %d saturated, %d NaN", made, f.blank, f.saturated, f.nan)
		row.Detail = strings.Join(append([]string{row.Detail}, f.remarked()...), ", ")
		if chosen == nil {
			rows = append(rows, row)
			continue
		}
		row.Detail += ", " + chosen.text()
		rows = append(rows, row, thrownRow(row.Name, row.Title, thrown))
	}
	return rows, learnt
}

// sample is the generated images of one class that study 2 trains on.
type sample struct {
	class    string
	variant  string // what its LoRA is, where the study lists several, and how it is made, where its training set says it
	seed     int64
	task     *plan.Task
	state    state
	reason   string
	pictures []picture
	choice   *choice // nil where they are not chosen among candidates
}

// remarkNotes count what a method remarked on study 2's generated images.
func (r *Report) remarkNotes() (notes []string) {
	counts, images := map[string]flags{}, map[string]int{}
	var methods []string
	for _, s := range r.samples {
		method := methodOf(s.task.Made())
		methods = appendNew(methods, method)
		counts[method] = counts[method].plus(countFlags(s.pictures))
		images[method] += len(s.pictures)
	}
	for _, method := range methods {
		if remarks := counts[method].remarked(); len(remarks) > 0 {
			notes = append(notes, fmt.Sprintf("of the %d images by %s: %s", images[method], method, english.WordSeries(remarks, "and")))
		}
	}
	return notes
}

// addSamples adds the generated images that a classifier's training set has,
// each set of them once, in the order of the classes.
func (s *source) addSamples(list []*sample, c *cell) []*sample {
	if c.Classify == nil { // a detector
		return list
	}
	for class, need := range c.Classify.Makers() {
		if slices.ContainsFunc(list, func(known *sample) bool { return known.task == need }) {
			continue
		}
		added := &sample{class: class, variant: c.Condition.Differs(), seed: c.Seed, task: need}
		if added.state, added.reason = s.stateOf(need); added.state == done {
			var err error
			if added.pictures, err = s.pictures(need); err == nil {
				added.choice, err = s.choice(need)
			}
			if err != nil {
				added.state, added.reason = failed, err.Error()
			}
		}
		list = append(list, added)
	}
	return list
}
