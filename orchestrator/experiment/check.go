package experiment

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english"
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

// choice makes sure that a setting is one of its Choices.
func (c *checker) choice(value, path string) { c.oneOf(value, path, Choices[path]...) }

// oneOf requires value to be one of the choices.
func (c *checker) oneOf(value, path string, choices ...string) {
	c.require(slices.Contains(choices, value), path, "%q is not one of: %s", value, strings.Join(choices, ", "))
}

// within records the first problem that check finds, if it finds one, where
// place says that the value stands.
func (c *checker) within(place func(path string) string, check func(*checker)) {
	inner := &checker{}
	check(inner)
	if inner.first != nil {
		c.require(false, place(inner.first.path), "%s", inner.first.message)
	}
}

// nameOfExperiment keeps names usable as folder names on every file system.
var nameOfExperiment = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// seeds requires a list of seeds.
func (c *checker) seeds(list []int64, path string) {
	c.require(len(list) > 0, path, "%s is empty: give at least one, such as [0]", path)
	for i, seed := range list {
		c.require(seed >= 0, item(path, i), "seed %d is negative", seed)
		c.require(!slices.Contains(list[:i], seed), item(path, i), "seed %d is listed twice", seed)
	}
}

// problem returns the first mistake of a completed experiment, or nil.
func (e *Experiment) problem() *problem {
	c := &checker{}
	c.require(e.Name != "", "name", "name is missing: its reports are kept under it")
	c.require(nameOfExperiment.MatchString(e.Name), "name",
		"name %q: use 1 to 64 letters, digits, '.', '_' and '-', starting with a letter or digit", e.Name)
	c.seeds(e.Seeds, "seeds")
	e.checkDataset(c)
	c.require(e.Base != "" || !e.needsBase(), "base", "base is missing: a diffusers folder, a bundled model (tiny-sd) or a Hugging Face id")
	e.LoRA.check(c)
	e.LoRA.checkMasks(c, e.Dataset)
	e.Generate.check(c)
	c.require(e.Referee.Photos >= 0, "referee.photos", "photos %d: must not be negative", e.Referee.Photos)
	c.require(e.Referee.Photos == 0 || e.Referee.Classifier == "", "referee", "give either photos, which train a referee, or a classifier that is there")
	e.Generate.checkInputs(c, e)
	c.require(e.Patterns != nil || e.Conditions != nil, "", "nothing to do: give patterns, conditions, or both")
	if e.Patterns != nil {
		e.checkPatterns(c)
	}
	if e.Conditions != nil {
		e.checkConditions(c)
	}
	if e.Reference != nil {
		e.checkReference(c)
	}
	return c.first
}

func (e *Experiment) checkDataset(c *checker) {
	d := e.Dataset
	c.require(d.Format != "", "dataset.format", "dataset.format is missing: %s", english.WordSeries(Choices["dataset.format"], "or"))
	c.choice(d.Format, "dataset.format")
	c.require(d.Root != "" || d.Format == "elpv", "dataset.root", "dataset.root is missing: the folder of the images")
	c.require(d.Noun != "", "dataset.noun", "dataset.noun is missing: what the photos show, as a prompt would say it")
	c.require(d.BitDepth == 0 || d.BitDepth >= 8 && d.BitDepth <= 16, "dataset.bit_depth", "bit_depth %d: 16-bit photos have 8 to 16 significant bits", d.BitDepth)
	c.require(d.Range == "" || d.Range == AutoRange, "dataset.range", "range %q: there is only auto, the values that all photos together use", d.Range)
	c.require(d.Range == "" || d.BitDepth == 0, "dataset.range", "give bit_depth or range, not both")
	d.Parts.check(c)
	d.Fit.check(c)
	d.Crop.check(c)
	d.checkMasks(c)
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

// UsualMethod is the method by which images are made where a file names none.
const UsualMethod = "img2img"

func (g Generate) check(c *checker) {
	c.choice(g.Method, "generate.method")
	c.require(g.Strength > 0 && g.Strength <= 1, "generate.strength", "strength %g: must be above 0 and at most 1", g.Strength)
	c.require(g.Steps >= 1, "generate.steps", "steps %d: must be at least 1", g.Steps)
	c.require(DenoisingSteps(g.Steps, g.Strength) >= 1, "generate.strength",
		"strength %g of %d %s runs no denoising step: int(steps × strength) must be at least 1",
		g.Strength, g.Steps, english.PluralWord(g.Steps, "step", ""))
	c.require(g.Guidance >= 0, "generate.guidance", "guidance %g: must not be negative", g.Guidance)
	c.choice(g.Sampler, "generate.sampler")
	c.require(g.BatchSize >= 1, "generate.batch_size", "batch size %d: must be at least 1", g.BatchSize)
	c.choice(g.Precision, "generate.precision")
	g.Select.check(c)
	g.Options.check(c)
}

// FlowSteps is how many steps are run on base models that learn by flow matching, as
// StableDiffusion3Img2ImgPipeline.get_timesteps of diffusers computes it: rounded up.
func FlowSteps(steps int, strength float64) int {
	return steps - int(float64(steps)-min(float64(steps)*strength, float64(steps)))
}

// DenoisingSteps is how many steps are run on others: int(steps × strength), as
// StableDiffusionImg2ImgPipeline.get_timesteps of diffusers computes it.
func DenoisingSteps(steps int, strength float64) int {
	return min(int(float64(steps)*strength), steps)
}
