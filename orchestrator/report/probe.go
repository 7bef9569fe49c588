package report

import (
	"fmt"
	"slices"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/plan"
	"kizu/orchestrator/report/table"
	"kizu/orchestrator/result"
	"kizu/orchestrator/stage"
)

// kinds is how well a classifier's features tell generated images from photos,
// at the end of its training and before it.
type kinds struct{ after, before result.Kinds }

// readKinds asks how well a classifier's features tell generated images that it has not seen from
// test photos: as many of each, class by class, so that no class gives the kind away. Other test
// photos, autoencoded, are the control where generated images went through the autoencoder whole.
// Fewer than ten images are not asked.
func (s *source) readKinds(c *cell) error {
	spec := c.Classify.Spec.(stage.Classify)
	if len(spec.HeldOut) == 0 {
		return nil
	}
	c.kinds = &kinds{}
	for _, probed := range []struct {
		file string
		into *result.Kinds
	}{{featuresFile, &c.kinds.after}, {"features_before.safetensors", &c.kinds.before}} {
		ok, err := s.probe(c.Classify, spec, probed.file, probed.into)
		if !ok || err != nil {
			c.kinds = nil
			return err
		}
	}
	after, before := c.kinds.after, c.kinds.before
	if !after.Controlled {
		c.metrics = append(c.metrics,
			metric{"n_probe", float64(after.Generated.Tested)},
			metric{"probe_accuracy", after.Generated.Accuracy()},
			metric{"probe_before_training", before.Generated.Accuracy()})
		return nil
	}
	interval := result.Wilson(after.Beyond.Accuracy(), after.Beyond.Tested)
	c.metrics = append(c.metrics,
		metric{"n_probe", float64(after.Generated.Tested)},
		metric{"probe_accuracy", after.Generated.Accuracy()},
		metric{"probe_autoencoded", after.Autoencoded.Accuracy()},
		metric{"probe_beyond_autoencoder", after.Beyond.Accuracy()},
		metric{"probe_beyond_autoencoder_low", interval.Low},
		metric{"probe_beyond_autoencoder_high", interval.High},
		metric{"probe_before_training", before.Generated.Accuracy()},
		metric{"probe_autoencoded_before_training", before.Autoencoded.Accuracy()},
		metric{"probe_beyond_autoencoder_before_training", before.Beyond.Accuracy()})
	return nil
}

// probe runs the probes of the features in a file; false if there are too few.
func (s *source) probe(task *plan.Task, spec stage.Classify, file string, into *result.Kinds) (bool, error) {
	lists := []struct {
		name   string
		images []stage.Labeled
	}{{"test", spec.Test}, {"autoencoded", spec.AutoencodedImages()}, {"held_out", spec.HeldOutImages()}}
	var sets [3]result.Features
	for i, list := range lists {
		if len(list.images) == 0 { // autoencoded photos, which are no control then
			continue
		}
		var err error
		if sets[i], err = s.tensor(task, file, list.name, len(list.images)); err != nil {
			return false, err
		}
	}
	var picked [3]result.Features
	for class := range spec.Classes {
		var of [3]result.Features
		for i, list := range lists {
			of[i] = ofClass(sets[i], list.images, class)
		}
		// The first photos are not those that were autoencoded, as the plan has it.
		n := min(len(of[1]), len(of[2]))
		if len(spec.Autoencoded) == 0 {
			n = min(len(of[0]), len(of[2]))
		}
		for i := range of {
			picked[i] = append(picked[i], of[i][:min(n, len(of[i]))]...)
		}
	}
	const fewest = 5 // of each kind
	if len(picked[0]) < fewest {
		return false, nil
	}
	var err error
	*into, err = result.ProbeKinds(picked[0], picked[1], picked[2])
	return err == nil, err
}

// ofClass takes the features of a class's images; of a photo in tiles, those of the first,
// which stands for it.
func ofClass(features result.Features, images []stage.Labeled, class int) result.Features {
	var list result.Features
	seen := map[string]bool{}
	for i, img := range images {
		if img.Class == class && !seen[img.Name] {
			seen[img.Name] = true
			list = append(list, features[i])
		}
	}
	return list
}

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
// that its training began with; without rows where there is none.
func (r *Report) kindsGrid() table.Table {
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
	return g
}

// kindsAnswer says, of the conditions that were trained on real and generated images, how well
// their features tell the two apart and what of it is the autoencoder's doing: where one class is
// real and the others are not, a classifier can answer by it.
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
