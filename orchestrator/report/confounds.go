package report

import (
	"fmt"
	"strings"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/plan"
	"kizu/orchestrator/stage"
)

// composition is what a classifier was trained on and for how long, beside what its
// training set is called: where these differ, accuracies may differ for them.
type composition struct {
	steps    int              // of the optimizer; 0 of a detector, which has none
	balanced bool             // every class is drawn equally often
	classes  []plan.ClassView // their real and generated images
}

func compositionOf(classifier *plan.Task) composition {
	view := plan.CompositionOf(classifier)
	spec, _ := classifier.Spec.(stage.Classify)
	return composition{view.Steps, spec.Sampling == "balanced", view.Classes}
}

// metrics are the composition's numbers in results.csv and results.json.
func (c composition) metrics() []metric {
	var list []metric
	if c.steps > 0 {
		list = append(list, metric{"optimizer_steps", float64(c.steps)})
	}
	for _, class := range c.classes {
		list = append(list, metric{"n_train_" + class.Class, float64(class.Real + class.Decoded + class.Generated)}, metric{"n_train_real_" + class.Class, float64(class.Real)})
	}
	return list
}

// goodShare is the share of good parts, the first class, among the images that
// are drawn in training.
func (c composition) goodShare() string {
	if c.balanced {
		return percentOf(1, len(c.classes))
	}
	all := 0
	for _, class := range c.classes {
		all += class.Learnt()
	}
	return percentOf(c.classes[0].Learnt(), all)
}

func percentOf(part, all int) string { return fmt.Sprintf("%.0f %%", 100*float64(part)/float64(all)) }

// confounds say in what else than their images training sets differ, a sentence
// each: such a difference may be why one does better.
func (r *Report) confounds() []string {
	var notes []string
	if list, differ := r.grouped(func(c *condition) string { return fmt.Sprint(c.composition.steps) }); differ {
		notes = append(notes, "optimizer steps: "+list+"; what differs between them may come from training longer, and classifier.steps makes them equal")
	}
	if list, differ := r.grouped(func(c *condition) string { return someReal(c.set.Good.Photos()) }); differ {
		notes = append(notes, "real good parts: "+list+"; what differs between them may come from more photos of good parts"+r.separates())
	}
	tested := percentOf(r.tests.classes[0].Count, r.tests.total)
	list, differ := r.grouped(func(c *condition) string { return c.composition.goodShare() })
	if differ || !strings.HasPrefix(list, tested+" ") {
		notes = append(notes, fmt.Sprintf("good parts among the images of training: %s; among the test images: %s; a classifier leans to what it saw often", list, tested))
	}
	return notes
}

// someReal is how many real photos a training set has; one without any differs
// by its kind of images and is not listed.
func someReal(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

// grouped lists the training sets by something about them, in the order of the
// table, and reports whether they differ in it. Those without it are left out, and so are
// detectors, whose accuracy is not compared.
func (r *Report) grouped(of func(*condition) string) (list string, differ bool) {
	var values []string
	names := map[string][]string{}
	for _, c := range r.conditions {
		value := of(c)
		if value == "" || c.detector != nil {
			continue
		}
		if names[value] == nil {
			values = append(values, value)
		}
		names[value] = append(names[value], quote(c.name))
	}
	switch len(values) {
	case 0:
		return "", false
	case 1:
		return values[0] + " in every training set", false
	}
	var parts []string
	for _, value := range values {
		parts = append(parts, value+" in "+english.WordSeries(names[value], "and"))
	}
	return strings.Join(parts, ", "), true
}

// separates names the training set that has more good photos than the control
// and no generated images.
func (r *Report) separates() string {
	control := controlOf(r.conditions)
	for _, c := range r.conditions {
		if control != nil && c != control && c.detector == nil && c.set.PhotosAlone() && c.set.Good.Real != control.set.Good.Real && c.set.Defects.Real == control.set.Defects.Real {
			return fmt.Sprintf(", which “%s” shows beside “%s”", c.name, control.name)
		}
	}
	return ""
}
