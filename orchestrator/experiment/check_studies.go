package experiment

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// rivals lists what conditions.rival may name.
func (e *Experiment) rivals() (names []string) {
	for _, set := range e.Conditions.TrainingSets {
		names = append(names, set.Name)
	}
	for _, detector := range e.Conditions.Detectors {
		names = append(names, detector.Name)
	}
	return names
}

func (e *Experiment) checkPatterns(c *checker) {
	p := e.Patterns
	c.oneOf(p.Defect, "patterns.defect", e.Dataset.Defects...)
	c.seeds(p.Seeds, "patterns.seeds")
	c.require(p.Measure >= p.Show, "patterns.measure", "measure %d: must be at least patterns.show, %d", p.Measure, p.Show)
	c.require(p.Show >= 1, "patterns.show", "show %d: must be at least 1", p.Show)
	c.require(len(p.Matrix) > 0 || p.Baseline, "patterns", "patterns has neither a matrix nor a baseline")
	c.require(!p.Baseline || !slices.Contains(e.Generate.How().Needs, InputLoRA), "patterns.baseline", "method %s makes no images without a LoRA", e.Generate.Method)
	for i, seed := range p.Seeds {
		c.require(slices.Contains(e.Seeds, seed), item("patterns.seeds", i), "seed %d is none of the experiment's: add it to seeds", seed)
	}
	known := slices.ContainsFunc(e.ExpandPatterns(), func(pattern Pattern) bool { return pattern.Name == p.Reference })
	c.require(p.Reference == "" || known, "patterns.reference", "there is no pattern %q: kizu plan lists them", p.Reference)
	for i := range p.Matrix {
		at := item("patterns.matrix", i)
		for _, v := range e.recipes(i) {
			place := func(path string) string { return v.place(at, strings.TrimPrefix(path, "lora.")) }
			c.within(place, func(c *checker) {
				shown := v.value.Generate.Uses(InputLoRA) || v.value.Generate.UsesDefects()
				c.require(!shown || v.has("defect_images"), "defect_images", "defect_images is missing")
				c.require(!shown || v.value.DefectImages >= 1, "defect_images", "defect_images %d: must be at least 1", v.value.DefectImages)
				v.value.check(c)
				v.value.LoRA.checkMasks(c, e.Dataset)
				v.value.Generate.checkVariant(c, e, func(key string) bool { return v.has("generate." + key) })
			})
		}
	}
}

func (r Recipe) check(c *checker) {
	c.require(r.RegularizationImages >= 0, "regularization_images", "regularization_images %d: must be at least 0", r.RegularizationImages)
	c.require(r.SourceImages >= 0, "source_images", "source_images %d: must be at least 1, or 0 for all", r.SourceImages)
	r.LoRA.check(c)
	r.Generate.check(c)
}

func (e *Experiment) checkConditions(c *checker) {
	s := e.Conditions
	e.checkTest(c)
	for _, v := range e.studyLoRAs() {
		place := func(path string) string { return v.place("conditions.lora", strings.TrimPrefix(path, "lora.")) }
		c.within(place, func(c *checker) {
			e.checkStudyLoRA(c, v.value)
			v.value.LoRA.checkMasks(c, e.Dataset)
			v.value.Generate.checkVariant(c, e, func(key string) bool { return v.has("generate." + key) })
		})
	}
	c.require(len(s.TrainingSets) > 0, "conditions.training_sets", "training_sets is empty")
	for _, set := range s.TrainingSets {
		at := child("conditions.training_sets", set.Name)
		c.require(set.Name != "", at, "a training set without a name")
		e.checkSetGenerate(c, set, at)
		for _, part := range []struct {
			name   string
			counts Counts
		}{{"good", set.Good}, {"defects", set.Defects}} {
			where := fmt.Sprintf("%s.%s", at, part.name)
			c.require(min(part.counts.Real, part.counts.Decoded, part.counts.Generated) >= 0, where, "counts must not be negative")
			c.require(part.counts.Photos()+part.counts.Generated > 0, where, "training set %q has no %s images", set.Name, part.name)
			tiled := part.counts.Decoded > 0 && e.Dataset.Fit.How == FitTiles
			c.require(!tiled, where+".decoded", "decoded photos do not go with dataset.fit: tiles: the autoencoder is shown one square of a photo, classifiers all its tiles")
		}
	}
	c.require(!s.Redraw || len(e.Seeds) > 1, "conditions.redraw", "redraw has every seed draw its own photos, and there is one seed: give several seeds, or leave redraw out")
	e.checkCounts(c)
	e.checkDetectors(c)
	_, known := e.RivalName()
	c.require(known || s.Rival == "", "conditions.rival", "rival %q is no training set and no detector: there are %s", s.Rival, strings.Join(e.rivals(), "; "))
	e.Classifier.check(c)
	for _, v := range e.classifiers() {
		place := func(path string) string {
			return v.place("conditions.classifier", strings.TrimPrefix(path, "classifier."))
		}
		c.within(place, v.value.check)
		if v.has("folds") {
			e.checkFolds(c, v.value.Folds, place("classifier.folds"))
		} else {
			e.checkFolds(c, v.value.Folds, "classifier.folds")
		}
		tiled := v.value.Folds > 0 && e.Dataset.Fit.How == FitTiles
		c.require(!tiled, place("classifier.folds"), "folds do not go with dataset.fit: tiles: a photo is trained on in some of its tiles and tested on in all")
	}
}

// checkFolds makes sure that no fold holds out nothing: the photos of a class are dealt to the
// folds, and generated images where a side of a training set has no photos.
func (e *Experiment) checkFolds(c *checker, folds int, place string) {
	for _, set := range e.allSets() {
		most := max(cmp.Or(set.Good.Photos(), set.Good.Generated), cmp.Or(set.Defects.Photos(), set.Defects.Generated))
		c.require(folds <= most, place, "folds %d: training set %q has at most %d images of a class to hold out, and a fold needs one: give at most %d", folds, set.Name, most, most)
	}
}

func (e *Experiment) checkTest(c *checker) {
	test := e.Conditions.Test.Counts
	if e.Conditions.Test.List != "" {
		return // what it holds is for the photos to say
	}
	for _, class := range slices.Sorted(maps.Keys(test)) {
		n := test[class]
		known := class == "good" || class == "defects" || slices.Contains(e.Dataset.Classes(), class)
		at := child("conditions.test", class)
		c.require(known, at, "%q is no class of the dataset (good, defects, or one of: %s)", class, strings.Join(e.Dataset.Classes(), ", "))
		c.require(n >= 1, at, "%d test images: must be at least 1", n)
	}
	for _, class := range e.Dataset.Classes() {
		c.require(e.TestCount(class) >= 1, "conditions.test", "no test images for class %q: give it a count, or all defects one under defects", class)
	}
}

// checkStudyLoRA checks a way to make study 2's LoRAs.
func (e *Experiment) checkStudyLoRA(c *checker, l StudyLoRA) {
	c.require(l.GoodImages >= 0, "good_images", "lora.good_images %d: must not be negative", l.GoodImages)
	c.require(l.DefectImages >= 0, "defect_images", "lora.defect_images %d: must not be negative", l.DefectImages)
	l.check(c)
	c.require(!e.Conditions.Redraw || len(l.Patterns) == 0, "patterns", "a pattern's LoRA learns the same photos for every seed, which conditions.redraw is to draw anew: leave patterns or redraw out")
	for _, set := range e.Conditions.TrainingSets {
		for _, own := range set.Generate.expand(l.Generate) {
			needed := set.UsesGenerated()
			c.require(!needed || l.GoodImages > 0, "good_images", "lora.good_images is missing: generated images start from them")
			needed = needed && (own.value.Uses(InputLoRA) || own.value.UsesDefects())
			c.require(!needed || l.DefectImages > 0, "defect_images", "lora.defect_images is missing: they train the LoRAs")
		}
	}
	for _, class := range slices.Sorted(maps.Keys(l.Patterns)) {
		at := child("patterns", class)
		c.require(e.Patterns != nil && class == e.Patterns.Defect, at, "no pattern shows class %q: lora.patterns can name that of patterns.defect only", class)
		_, known := e.FindPattern(l.Patterns[class])
		c.require(known, at, "%q is no pattern with a LoRA: its name is as kizu plan prints it", l.Patterns[class])
	}
}

// FindPattern finds a pattern that trains a LoRA by its name.
func (e *Experiment) FindPattern(name string) (Pattern, bool) {
	for _, p := range e.ExpandPatterns() {
		if p.Name == name && p.Trains() {
			return p, true
		}
	}
	return Pattern{}, false
}

func (k Classifier) check(c *checker) {
	c.choice(k.Model, "classifier.model")
	c.require(k.Weights != "", "classifier.weights", "weights is empty: %s or a .safetensors file", strings.Join(Choices["classifier.weights"], ", "))
	named := k.Weights != "" && !slices.Contains(Choices["classifier.weights"], k.Weights)
	c.require(named || k.Model != Transformers, "classifier.weights", "model %s is the one that weights name: give dinov2, clip, or the folder or Hugging Face id of another", Transformers)
	c.require(k.Model == Transformers || k.Weights != ImageNet || Backbones[k.Model].ImageNet != "", "classifier.weights", "torchvision has no weights imagenet of %s: use lite0, none or a .safetensors file", k.Model)
	c.require(k.Model == Transformers || k.Weights != Lite0 || Backbones[k.Model].Lite0, "classifier.weights", "weights lite0 do not fit %s: use imagenet, none or a .safetensors file", k.Model)
	c.require(k.Resolution >= 32, "classifier.resolution", "resolution %d: must be at least 32", k.Resolution)
	c.require(k.Epochs >= 0, "classifier.epochs", "epochs %d: must be above 0", k.Epochs)
	c.require(k.Steps >= 0, "classifier.steps", "steps %d: must be above 0", k.Steps)
	c.require(k.Epochs+k.Steps > 0, "classifier", "give epochs or steps, above 0")
	c.require(k.Epochs == 0 || k.Steps == 0, "classifier", "give either epochs or steps, not both")
	c.require(k.BatchSize >= 2, "classifier.batch_size", "batch size %d: batch normalization needs at least 2", k.BatchSize)
	c.require(k.LearningRate > 0, "classifier.learning_rate", "learning rate %g: must be above 0", k.LearningRate)
	c.require(k.WeightDecay >= 0, "classifier.weight_decay", "weight decay %g: must not be negative", k.WeightDecay)
	c.choice(k.Sampling, "classifier.sampling")
	c.require((k.Sampling == RealShare) == (k.RealShare > 0 && k.RealShare < 1), "classifier.real_share",
		"real_share %g: give sampling: real_share and a share between 0 and 1, such as 0.5, or neither", k.RealShare)
	c.choice(k.Train, "classifier.train")
	c.choice(k.Augment, "classifier.augment")
	c.choice(k.Precision, "classifier.precision")
	c.require(k.Folds == 0 || k.Folds >= 2, "classifier.folds", "folds %d: must be at least 2, or 0 for none", k.Folds)
	c.require(k.Recall >= 0 && k.Recall <= 1, "classifier.recall", "recall %g: must be from 0 to 1", k.Recall)
	c.require(k.Recall == 0 || k.Folds > 0, "classifier.recall", "recall %g needs folds to choose a threshold by: give classifier.folds, such as 5", k.Recall)
}

func (e *Experiment) checkReference(c *checker) {
	r := e.Reference
	c.require(r.Source != "", "reference", "reference.source is missing: where the figures stand")
	c.require(r.TestImages >= 0, "reference.test_images", "test_images %d: must not be negative", r.TestImages)
	c.require(len(r.Accuracy) > 0, "reference", "reference.accuracy is missing: a figure for each training set")
	for _, name := range slices.Sorted(maps.Keys(r.Accuracy)) {
		at, value := child("reference.accuracy", name), r.Accuracy[name]
		known := e.Conditions != nil && slices.ContainsFunc(e.Conditions.TrainingSets, func(s TrainingSet) bool { return s.Name == name })
		c.require(known, at, "%q is no training set of conditions", name)
		c.require(value >= 0 && value <= 1, at, "accuracy %g: must be from 0 to 1", value)
	}
}
