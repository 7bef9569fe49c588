package experiment

import (
	"regexp"
	"strings"

	"github.com/dustin/go-humanize/english"
)

// nameOfLayer is the end of a layer's name in diffusers' UNet: to_q, ff.net.2.
var nameOfLayer = regexp.MustCompile(`^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$`)

func (l LoRA) check(c *checker) {
	c.require(l.Identifier != "", "lora.identifier", "identifier is empty")
	c.require(l.Resolution >= 32 && l.Resolution%8 == 0, "lora.resolution", "resolution %d: must be a multiple of 8, at least 32", l.Resolution)
	c.require(l.Rank >= 1, "lora.rank", "rank %d: must be at least 1", l.Rank)
	c.require(l.Alpha > 0, "lora.alpha", "alpha %g: must be above 0", l.Alpha)
	for name := range strings.SplitSeq(l.Target, "+") {
		c.require(nameOfLayer.MatchString(name), "lora.target",
			"target %q: join attention, conv and names of the UNet's layers by +, such as attention+conv or to_q+to_v", l.Target)
	}
	c.require(l.Steps >= 1, "lora.steps", "steps %d: must be at least 1", l.Steps)
	c.require(l.BatchSize >= 1, "lora.batch_size", "batch size %d: must be at least 1", l.BatchSize)
	c.require(l.PriorWeight >= 0, "lora.prior_weight", "prior weight %g: must not be negative", l.PriorWeight)
	c.choice(l.Regularization, "lora.regularization")
	c.require(l.RegularizationRepeats >= 1, "lora.regularization_repeats", "regularization_repeats %d: must be at least 1", l.RegularizationRepeats)
	c.require(l.Repeats >= 1, "lora.repeats", "repeats %d: must be at least 1", l.Repeats)
	c.require(l.MinSNRGamma >= 0, "lora.min_snr_gamma", "min-SNR gamma %g: must be above 0, or 0 for none", l.MinSNRGamma)
	c.require(l.Outside >= 0 && l.Outside <= 1, "lora.outside", "outside %g: must be from 0 to 1", l.Outside)
	c.require(l.MaskedLoss || l.Outside == usualOutside, "lora.outside", "outside without masked_loss: true: all of a photo counts")
	c.choice(l.Precision, "lora.precision")
	c.require(l.GradientAccumulation >= 1 && l.GradientAccumulation <= l.BatchSize, "lora.gradient_accumulation",
		"gradient accumulation %d: a step's batch_size of %d %s is computed in 1 to %d pieces",
		l.GradientAccumulation, l.BatchSize, english.PluralWord(l.BatchSize, "image", ""), l.BatchSize)
	l.checkOptimizer(c)
}

// checkMasks makes sure that there can be masks where losses go by them.
func (l LoRA) checkMasks(c *checker, d Dataset) {
	d.requireMasks(c, l.MaskedLoss, "lora.masked_loss", "masked_loss")
}

// checkOptimizer looks at what moves a LoRA's weights: optimizer, learning
// rates and their schedule.
func (l LoRA) checkOptimizer(c *checker) {
	c.choice(l.Optimizer, "lora.optimizer")
	c.require(l.LearningRate > 0, "lora.learning_rate", "learning rate %g: must be above 0", l.LearningRate)
	c.require(l.TextEncoderLearningRate >= 0, "lora.text_encoder_learning_rate",
		"text encoder learning rate %g: must be above 0, or 0 for that of the UNet", l.TextEncoderLearningRate)
	c.require(l.TextEncoderLearningRate == 0 || l.TextEncoder, "lora.text_encoder_learning_rate",
		"a text encoder learning rate without text_encoder: true: the text encoder is not trained")
	if l.Optimizer == "prodigy" { // it multiplies the rate by a step size that it finds itself
		c.require(l.LearningRate >= 0.1, "lora.learning_rate", "learning rate %g: prodigy finds its own step size and wants a rate of about 1", l.LearningRate)
		c.require(l.TextEncoderLearningRate == 0 || l.TextEncoderLearningRate == l.LearningRate, "lora.text_encoder_learning_rate",
			"prodigy has one learning rate: leave text_encoder_learning_rate out")
	}
	c.choice(l.Schedule, "lora.schedule")
	c.require(l.WarmupSteps >= 0, "lora.warmup_steps", "warm-up steps %d: must not be negative", l.WarmupSteps)
	c.require(l.WarmupSteps == 0 || l.Schedule != "constant", "lora.warmup_steps",
		"schedule constant has no warm-up: use constant_with_warmup")
	c.require(l.WarmupSteps > 0 || l.Schedule != "constant_with_warmup", "lora.schedule",
		"schedule constant_with_warmup needs warmup_steps")
}
