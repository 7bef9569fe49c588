package report

import (
	"fmt"
	"strings"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/report/gallery"
	"kizu/orchestrator/result"
)

// mistakesShown is how many photos of either kind are shown for a training set.
const mistakesShown = 8

// mistakesGalleries show the test photos that inspections get wrong: those of the training
// sets that the verdict is about, or of all without one, and those of the others.
func (r *Report) mistakesGalleries() (about, others gallery.Gallery) {
	about.Heading = "Mistakes"
	about.Text = fmt.Sprintf("Of each training set %d escapes and %d false alarms at most, as its networks saw them: first those that most trainings get wrong, then in the order of the test photos. "+
		"A photo counts once, whatever the number of trainings. Point at one for its scores, of classifiers 1 less the probability of a good part, and for what the others made of it.", mistakesShown, mistakesShown)
	photos := map[string]dataset.Image{}
	for _, img := range r.plan.Set.Images {
		photos[img.Name] = img
	}
	for _, c := range r.conditions {
		if c.inspected == nil {
			continue
		}
		var escapes, alarms []result.Mistaken
		for _, m := range c.inspected.Mistaken() {
			if m.Label == c.goodClass {
				alarms = append(alarms, m)
			} else {
				escapes = append(escapes, m)
			}
		}
		into := &others
		if v := r.verdict; v == nil || c == v.rival || c == v.others[v.Best] {
			into = &about
		}
		into.Rows = append(into.Rows, r.mistakesRow(c, "escapes", escapes, photos), r.mistakesRow(c, "false alarms", alarms, photos))
	}
	return about, others
}

func (r *Report) mistakesRow(c *condition, kind string, list []result.Mistaken, photos map[string]dataset.Image) gallery.Row {
	always := 0
	for _, m := range list {
		if m.Runs == len(c.runs) {
			always++
		}
	}
	row := gallery.Row{Title: c.name + ": " + kind, Detail: english.Plural(len(list), "photo", "photos")}
	if len(c.runs) > 1 && len(list) > 0 {
		row.Detail += fmt.Sprintf(", %d of them in all %d trainings", always, len(c.runs))
	}
	strip := gallery.Strip{State: gallery.Done}
	for _, m := range list[:min(mistakesShown, len(list))] {
		strip.Tiles = append(strip.Tiles, gallery.Tile{Path: photos[m.Image].Path, Title: r.mistakeTitle(c, m)})
	}
	row.Strips = []gallery.Strip{strip}
	return row
}

// mistakeTitle says of a photo what each training scored, and how many of the others' got it wrong.
func (r *Report) mistakeTitle(c *condition, m result.Mistaken) string {
	var scores, others []string
	for _, run := range c.runs {
		scores = append(scores, fmt.Sprintf("%.2f", run.predictions.Score(m.Place, c.goodClass)))
	}
	for _, other := range r.conditions {
		if other != c && other.inspected != nil && other.inspected.SameImages(c.inspected) {
			others = append(others, fmt.Sprintf("%s %d of %d", quote(other.name), other.inspected.WrongIn(m.Place), len(other.runs)))
		}
	}
	title := fmt.Sprintf("%s (%s): wrong in %d of %d, score %s", m.Image, c.inspected.Classes[m.Label], m.Runs, len(c.runs), strings.Join(scores, ", "))
	if len(others) > 0 {
		title += "; wrong in " + english.WordSeries(others, "and")
	}
	return title
}
