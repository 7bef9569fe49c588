package experiment

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// problem is a mistake in a decoded file: the path of the value, such as
// lora.rank, and what is wrong.
type problem struct{ path, message string }

// checker collects the first problem of a file.
type checker struct{ first *problem }

// require records a problem at path unless ok holds.
func (c *checker) require(ok bool, path, format string, args ...any) {
	if !ok && c.first == nil {
		c.first = &problem{path, fmt.Sprintf(format, args...)}
	}
}

// oneOf requires value to be one of the choices.
func (c *checker) oneOf(value, path string, choices ...string) {
	c.require(slices.Contains(choices, value), path, "%q is not one of: %s", value, strings.Join(choices, ", "))
}

// nameOfExperiment keeps names usable as folder names on every file system.
var nameOfExperiment = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// problem returns the first mistake of a completed experiment, or nil.
func (e *Experiment) problem() *problem {
	c := &checker{}
	c.require(e.Name != "", "name", "name is missing: its reports are kept under it")
	c.require(nameOfExperiment.MatchString(e.Name), "name",
		"name %q: use 1 to 64 letters, digits, '.', '_' and '-', starting with a letter or digit", e.Name)
	c.require(len(e.Seeds) > 0, "seeds", "seeds is empty: give at least one, such as [0]")
	for i, seed := range e.Seeds {
		c.require(seed >= 0, item("seeds", i), "seed %d is negative", seed)
		c.require(!slices.Contains(e.Seeds[:i], seed), item("seeds", i), "seed %d is listed twice", seed)
	}
	e.checkDataset(c)
	c.require(e.Base != "", "base", "base is missing: a diffusers folder, a bundled model (tiny-sd) or a Hugging Face id")
	e.checkLoRA(c)
	e.checkGenerate(c)
	c.require(e.Patterns != nil || e.Conditions != nil, "", "nothing to do: give patterns, conditions, or both")
	if e.Patterns != nil {
		e.checkPatterns(c)
	}
	if e.Conditions != nil {
		e.checkConditions(c)
		e.checkClassifier(c)
	}
	return c.first
}

func (e *Experiment) checkDataset(c *checker) {
	d := e.Dataset
	c.require(d.Format != "", "dataset.format", "dataset.format is missing: mvtec, folders or elpv")
	c.oneOf(d.Format, "dataset.format", "mvtec", "folders", "elpv")
	c.require(d.Root != "" || d.Format == "elpv", "dataset.root", "dataset.root is missing: the folder of the images")
	c.require(d.Noun != "", "dataset.noun", "dataset.noun is missing: what the photos show, as a prompt would say it")
	c.require(len(d.Defects) > 0, "dataset.defects", "dataset.defects is missing: list at least one defect class")
	c.require(d.Good != "" && d.Good != "defects", "dataset.good", "the good class cannot be called %q", d.Good)
	for i, name := range d.Defects {
		path := item("dataset.defects", i)
		c.require(name != "", path, "a defect class without a name")
		c.require(name != d.Good, path, "class %q is both the good class and a defect", name)
		c.require(!slices.Contains(d.Defects[:i], name), path, "class %q is listed twice", name)
		c.require(name != "good" && name != "defects", path, "no class of defects can be called %q: conditions.test means something else by it", name)
	}
}

func (e *Experiment) checkGenerate(c *checker) {
	g := e.Generate
	c.require(g.Strength > 0 && g.Strength <= 1, "generate.strength", "strength %g: must be above 0 and at most 1", g.Strength)
	c.require(g.Steps >= 1, "generate.steps", "steps %d: must be at least 1", g.Steps)
	c.require(DenoisingSteps(g.Steps, g.Strength) >= 1, "generate.strength",
		"strength %g of %d steps runs no denoising step: int(steps × strength) must be at least 1", g.Strength, g.Steps)
	c.require(g.Guidance >= 0, "generate.guidance", "guidance %g: must not be negative", g.Guidance)
	c.require(g.BatchSize >= 1, "generate.batch_size", "batch size %d: must be at least 1", g.BatchSize)
	c.oneOf(g.Precision, "generate.precision", "fp32", "bf16", "fp16")
}

// DenoisingSteps is how many steps img2img runs: int(steps × strength), as
// StableDiffusionImg2ImgPipeline.get_timesteps of diffusers computes it.
func DenoisingSteps(steps int, strength float64) int {
	return min(int(float64(steps)*strength), steps)
}

func (e *Experiment) checkPatterns(c *checker) {
	p := e.Patterns
	c.oneOf(p.Defect, "patterns.defect", e.Dataset.Defects...)
	c.require(p.Show >= 1, "patterns.show", "show %d: must be at least 1", p.Show)
	c.require(len(p.Matrix) > 0 || p.Baseline, "patterns", "patterns has neither a matrix nor a baseline")
	for i, entry := range p.Matrix {
		at := item("patterns.matrix", i)
		c.require(len(entry.DefectImages) > 0, at+".defect_images", "defect_images is missing")
		each(c, entry.DefectImages, at+".defect_images", 1, "defect_images")
		each(c, entry.RegularizationImages, at+".regularization_images", 0, "regularization_images")
		each(c, entry.Steps, at+".steps", 1, "steps")
		each(c, entry.Rank, at+".rank", 1, "rank")
		for j, rate := range entry.LearningRate {
			c.require(rate > 0, item(at+".learning_rate", j), "learning rate %g: must be above 0", rate)
		}
		for j, strength := range entry.Strength {
			c.require(strength > 0 && strength <= 1 && DenoisingSteps(e.Generate.Steps, strength) >= 1, item(at+".strength", j),
				"strength %g: must be above 0, at most 1, and leave at least one of %d steps", strength, e.Generate.Steps)
		}
	}
}

// each requires every value of a matrix field to be at least low.
func each(c *checker, values []int, path string, low int, name string) {
	for i, value := range values {
		c.require(value >= low, item(path, i), "%s %d: must be at least %d", name, value, low)
	}
}

func (e *Experiment) checkConditions(c *checker) {
	s := e.Conditions
	for _, class := range slices.Sorted(maps.Keys(s.Test)) {
		n := s.Test[class]
		known := class == "good" || class == "defects" || slices.Contains(e.Dataset.Classes(), class)
		at := child("conditions.test", class)
		c.require(known, at, "%q is no class of the dataset (good, defects, or one of: %s)", class, strings.Join(e.Dataset.Classes(), ", "))
		c.require(n >= 1, at, "%d test images: must be at least 1", n)
	}
	for _, class := range e.Dataset.Classes() {
		c.require(e.TestCount(class) >= 1, "conditions.test", "no test images for class %q: give it a count, or all defects one under defects", class)
	}
	c.require(s.LoRA.GoodImages >= 0, "conditions.lora.good_images", "lora.good_images %d: must not be negative", s.LoRA.GoodImages)
	c.require(s.LoRA.DefectImages >= 0, "conditions.lora.defect_images", "lora.defect_images %d: must not be negative", s.LoRA.DefectImages)
	c.require(len(s.TrainingSets) > 0, "conditions.training_sets", "training_sets is empty")
	for _, set := range s.TrainingSets {
		at := child("conditions.training_sets", set.Name)
		c.require(set.Name != "", at, "a training set without a name")
		for _, part := range []struct {
			name   string
			counts Counts
		}{{"good", set.Good}, {"defects", set.Defects}} {
			where := fmt.Sprintf("%s.%s", at, part.name)
			c.require(part.counts.Real >= 0 && part.counts.Generated >= 0, where, "counts must not be negative")
			c.require(part.counts.Real+part.counts.Generated > 0, where, "training set %q has no %s images", set.Name, part.name)
			if part.counts.Generated > 0 {
				c.require(s.LoRA.GoodImages > 0, "conditions.lora.good_images", "lora.good_images is missing: generated images start from them")
				c.require(s.LoRA.DefectImages > 0, "conditions.lora.defect_images", "lora.defect_images is missing: they train the LoRAs")
			}
		}
	}
}

func (e *Experiment) checkClassifier(c *checker) {
	k := e.Classifier
	c.oneOf(k.Model, "classifier.model", "efficientnet_b0")
	c.require(k.Weights != "", "classifier.weights", "weights is empty: imagenet, lite0, none or a .safetensors file")
	c.require(k.Resolution >= 32, "classifier.resolution", "resolution %d: must be at least 32", k.Resolution)
	c.require(k.Epochs >= 0, "classifier.epochs", "epochs %d: must be above 0", k.Epochs)
	c.require(k.Steps >= 0, "classifier.steps", "steps %d: must be above 0", k.Steps)
	c.require(k.Epochs == 0 || k.Steps == 0, "classifier", "give either epochs or steps, not both")
	c.require(k.BatchSize >= 2, "classifier.batch_size", "batch size %d: batch normalization needs at least 2", k.BatchSize)
	c.require(k.LearningRate > 0, "classifier.learning_rate", "learning rate %g: must be above 0", k.LearningRate)
	c.require(k.WeightDecay >= 0, "classifier.weight_decay", "weight decay %g: must not be negative", k.WeightDecay)
	c.oneOf(k.Precision, "classifier.precision", "fp32", "bf16", "fp16")
}
