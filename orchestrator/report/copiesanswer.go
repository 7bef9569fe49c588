package report

import (
	"fmt"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/result"
)

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
