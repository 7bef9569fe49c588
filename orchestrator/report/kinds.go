package report

import (
	"fmt"
	"slices"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/report/table"
	"kizu/orchestrator/result"
)

// kindsOver is how well the probes of a condition do over its seeds.
type kindsOver struct {
	images        int // of each probe
	after, before result.KindsOver
}

// overKinds sums the runs up that were probed; nil without any.
func overKinds(runs []*cell) *kindsOver {
	var after, before []result.Kinds
	for _, run := range runs {
		if run.kinds != nil {
			after, before = append(after, run.kinds.after), append(before, run.kinds.before)
		}
	}
	if len(after) == 0 {
		return nil
	}
	return &kindsOver{after[0].Generated.Tested, result.OverKinds(after), result.OverKinds(before)}
}

// kindsGrid is the table of the probes: of each condition, and of the network
// that its training began with; false if there is none.
func (r *Report) kindsGrid() (table.Table, bool) {
	g := table.Table{
		Title: "Study 2, real or generated? How often a linear probe of the features tells two kinds of images apart",
		Columns: []table.Column{
			{Head: "classifier"}, {Head: "training"}, {Head: "generated : photos", Numeric: true}, {Head: "autoencoded : photos", Numeric: true, Extra: 1},
			{Head: "generated : autoencoded", Numeric: true}, {Head: "95 % interval", Numeric: true, Extra: 2}, {Head: "images", Numeric: true, Extra: 3},
		},
	}
	uncontrolled := false
	for _, c := range r.conditions {
		if c.kinds == nil {
			continue
		}
		for _, row := range []struct {
			when string
			of   result.KindsOver
		}{{"after", c.kinds.after}, {"before", c.kinds.before}} {
			autoencoded, beyond := overSeeds(row.of.Autoencoded), overSeeds(row.of.Beyond)
			if !row.of.Controlled {
				autoencoded, beyond, uncontrolled = "–", "–", true
			}
			g.Rows = append(g.Rows, []string{
				c.name, row.when, overSeeds(row.of.Generated), autoencoded, beyond, between(row.of.Interval), fmt.Sprint(c.kinds.images),
			})
		}
	}
	g.Notes = result.KindsNotes
	if uncontrolled {
		g.Notes = append(slices.Clip(g.Notes), result.UncontrolledNote)
	}
	return g, len(g.Rows) > 0
}

// kindsAnswer says, of the conditions that were trained on real and generated
// images, how well their features tell the two apart and what of it is the
// autoencoder's doing: where one class is real and the others are not, a
// classifier can answer by it.
func kindsAnswer(all []*condition) []string {
	var look, like, apart []string
	for _, c := range all {
		if !c.onBoth() || c.kinds == nil {
			continue
		}
		k := c.kinds.after
		if !k.Controlled {
			apart = append(apart, fmt.Sprintf("“%s” (%s, 95 %% interval %s; before training %s)", c.name, overSeeds(k.Generated), between(k.Interval), overSeeds(c.kinds.before.Generated)))
			continue
		}
		text := fmt.Sprintf("“%s” (%s; autoencoded photos from photos %s; generated images from autoencoded photos %s, 95 %% interval %s; before training %s, %s and %s)",
			c.name, overSeeds(k.Generated), overSeeds(k.Autoencoded), overSeeds(k.Beyond), between(k.Interval),
			overSeeds(c.kinds.before.Generated), overSeeds(c.kinds.before.Autoencoded), overSeeds(c.kinds.before.Beyond))
		if k.LookGenerated() {
			look = append(look, text)
		} else {
			like = append(like, text)
		}
	}
	var sentences []string
	if len(look) > 0 {
		sentences = append(sentences, "By a linear probe of the features after training, generated images look generated beyond what the autoencoder does to photos, to "+english.WordSeries(look, "and")+"; 0.500 would be chance.")
	}
	if len(like) > 0 {
		sentences = append(sentences, "How often a linear probe of the features, after training, tells generated images from photos is not shown to be more than the autoencoder’s doing, for "+english.WordSeries(like, "and")+"; 0.500 would be chance.")
	}
	if len(apart) > 0 {
		sentences = append(sentences, "A linear probe of the features, after training, tells generated images that keep their photos’ own pixels from photos with "+english.WordSeries(apart, "and")+"; 0.500 would be chance.")
	}
	return sentences
}
