package experiment

const usualOutside = 0.1

// defaults are the values of everything that a file may leave out. Where the
// article is silent they follow diffusers' DreamBooth LoRA guide for SD 1.5.
func defaults() *Experiment {
	return &Experiment{
		Seeds:   []int64{0},
		Dataset: Dataset{Good: "good", Fit: Fit{How: FitCrop}},
		LoRA: LoRA{
			Identifier: "shs",
			Resolution: 512,
			Steps:      1000,
			LoRATraining: LoRATraining{
				Rank:                  8,
				Target:                "attention",
				LearningRate:          1e-4,
				Schedule:              "constant",
				Optimizer:             "adamw",
				BatchSize:             1,
				PriorWeight:           1,
				Regularization:        "exact",
				Repeats:               10,
				RegularizationRepeats: 1,
				Outside:               usualOutside,
				Precision:             "fp32",
				GradientAccumulation:  1,
			},
		},
		Generate: Generate{
			Method:         UsualMethod,
			WithIdentifier: true,
			Denoising:      Denoising{Strength: 0.8, Steps: 30, Guidance: 7.5, Sampler: "base", BatchSize: 8, Precision: "fp32"},
			Select:         Select{Of: 1, By: ByChange},
			Options:        Options{Mask: MaskTraining, MaskScaleMin: 0.7, MaskScaleMax: 1.4, Feather: 3, Blend: "plain", Weight: 1, StyleFidelity: 0.5},
		},
		Classifier: Classifier{
			Model:   "efficientnet_b0",
			Weights: ImageNet,
			ClassifierTraining: ClassifierTraining{
				Resolution:   224,
				BatchSize:    32,
				LearningRate: 1e-3,
				WeightDecay:  1e-2,
				Sampling:     "plain",
				Train:        TrainAll,
				Augment:      MildAugment,
				Keep:         true,
				Precision:    "fp32",
			},
		},
	}
}

// complete fills in what depends on other values of the file. A 0 that the file
// gives, by its path, is no value left out.
func (e *Experiment) complete(given map[string]bool) {
	if !given["lora.alpha"] {
		e.LoRA.Alpha = float64(e.LoRA.Rank)
	}
	if e.Dataset.Crop != nil && !given["dataset.crop.ratio"] {
		e.Dataset.Crop.Ratio = usualRatio
	}
	if e.Patterns != nil {
		if !given["patterns.show"] {
			e.Patterns.Show = 8
		}
		if !given["patterns.measure"] {
			e.Patterns.Measure = e.Patterns.Show
		}
		if e.Patterns.Seeds == nil {
			e.Patterns.Seeds = e.Seeds
		}
		if e.Patterns.Features == "" {
			e.Patterns.Features = classifierFeatures
		}
		if e.Patterns.Defect == "" && len(e.Dataset.Defects) > 0 {
			e.Patterns.Defect = e.Dataset.Defects[0]
		}
	}
	if !given["classifier.epochs"] && e.Classifier.Steps == 0 {
		e.Classifier.Epochs = 30
	}
	if e.Reference != nil && e.Reference.Name == "" {
		e.Reference.Name = "reference"
	}
}
