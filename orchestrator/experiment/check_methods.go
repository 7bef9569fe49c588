package experiment

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english"
)

// mostFeather is a feather that is wider than any seam needs to be.
const mostFeather = 256

func (o Options) check(c *checker) {
	c.choice(o.Mask, "generate.mask")
	c.choice(o.Blend, "generate.blend")
	c.require(o.MaskScaleMin > 0, "generate.mask_scale_min", "mask_scale_min %g: must be above 0", o.MaskScaleMin)
	c.require(o.MaskScaleMax >= o.MaskScaleMin, "generate.mask_scale_max", "mask_scale_max %g: must be at least mask_scale_min, which is %g", o.MaskScaleMax, o.MaskScaleMin)
	c.require(o.Feather >= 0 && o.Feather <= mostFeather, "generate.feather", "feather %d: must be from 0 to %d pixels", o.Feather, mostFeather)
	c.require(o.Weight >= 0 && o.Weight <= 1, "generate.weight", "weight %g: must be from 0 to 1", o.Weight)
	c.require(o.StyleFidelity >= 0 && o.StyleFidelity <= 1, "generate.style_fidelity", "style_fidelity %g: must be from 0 to 1", o.StyleFidelity)
}

// checkVariant checks a way to make images of which the file gives some keys, which has holds of. A
// key that means nothing to the method would be passed over, or make the same images again.
func (g Generate) checkVariant(c *checker, e *Experiment, has func(key string) bool) {
	for _, key := range makingKeys {
		if has(key) && !g.How().takes(key) {
			c.require(false, child("generate", key), "method %s takes no %s%s", g.Method, key, taking(key))
		}
	}
	g.checkInputs(c, e)
}

// makingKeys are those of the generate section.
var makingKeys = func() (keys []string) {
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Generate]()) {
		if key := field.Tag.Get("yaml"); key != "" {
			keys = append(keys, key)
		}
	}
	return keys
}()

// checkInputs makes sure that there can be masks where images are made by them, and features
// where they are chosen by them.
func (g Generate) checkInputs(c *checker, e *Experiment) {
	what := "method " + g.Method
	if slices.Contains(g.How().Options, "mask") {
		what += " with mask: " + g.Mask
	}
	e.Dataset.requireMasks(c, g.Uses(InputMask), "generate.method", what)
	c.require(!g.Select.Looks() || e.encodes(), "generate.select.by", "by nearest compares features, and those of a network with classifier.weights none are random: use lite0, imagenet or a file, patterns.features, or by: change")
}

// taking names the methods that a key means something to.
func taking(key string) string {
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(Methods)), func(name string) bool { return !Methods[name].takes(key) })
	if len(names) == 0 {
		return ""
	}
	return "; " + english.WordSeries(names, "and") + " " + english.PluralWord(len(names), "does", "do")
}

// optionProblem is an option in the generate section that no method of the experiment
// takes, or nil; given are the paths that the file gives.
func (e *Experiment) optionProblem(given map[string]bool) *problem {
	c := &checker{}
	for _, key := range slices.Sorted(maps.Keys(optionFields)) {
		if at := child("generate", key); given[at] && !e.takesOption(key) {
			c.require(false, at, "method %s takes no %s%s", e.Generate.Method, key, taking(key))
		}
	}
	return c.first
}

// takesOption says whether a method by which the experiment makes images takes an option.
func (e *Experiment) takesOption(key string) bool {
	return slices.ContainsFunc(e.generates(), func(g Generate) bool { return g.How().takes(key) })
}

// generates lists the ways in which the experiment makes images.
func (e *Experiment) generates() []Generate {
	list := []Generate{e.Generate}
	for _, p := range e.ExpandPatterns() {
		list = append(list, p.Generate)
	}
	for _, c := range e.ExpandConditions() {
		if c.UsesGenerated() {
			list = append(list, c.LoRA.Generate)
		}
	}
	return list
}

// NeedsMasks says whether the experiment cannot be planned without the masks of defects, or
// names a folder of them.
func (e *Experiment) NeedsMasks() bool {
	return e.Dataset.needsMasks() || e.masksLosses() || slices.ContainsFunc(e.generates(), func(g Generate) bool { return g.Uses(InputMask) })
}

// masksLosses says whether any LoRA is trained with a loss that goes by masks.
func (e *Experiment) masksLosses() bool {
	return e.LoRA.MaskedLoss ||
		slices.ContainsFunc(e.ExpandPatterns(), func(p Pattern) bool { return p.MaskedLoss }) ||
		slices.ContainsFunc(e.ExpandConditions(), func(c Condition) bool { return c.LoRA.MaskedLoss })
}

// checkSetGenerate checks how a training set's images are made.
func (e *Experiment) checkSetGenerate(c *checker, set TrainingSet, at string) {
	if len(set.Generate.axes) == 0 {
		return
	}
	at = child(at, "generate")
	c.require(set.UsesGenerated(), at, "training set %q has no generated images, and generate says how they are made", set.Name)
	for _, lora := range e.studyLoRAs() {
		for _, v := range set.Generate.expand(lora.value.Generate) {
			place := func(path string) string { return v.place(at, strings.TrimPrefix(path, "generate.")) }
			c.within(place, func(c *checker) {
				v.value.check(c)
				v.value.checkVariant(c, e, v.has)
			})
		}
	}
}
