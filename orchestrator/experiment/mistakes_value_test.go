package experiment

// mistakesOfValue are files of the right shape that say what cannot be.
var mistakesOfValue = []mistake{
	// Names and seeds.
	{"no name", "▸dataset: {}\n", "name is missing: its reports are kept under it"},
	{"empty name", "base: tiny-sd\nname: ▸''\n", "name is missing: its reports are kept under it"},
	{"name with a slash", "name: ▸a/b\n", `name "a/b": use 1 to 64 letters, digits, '.', '_' and '-', starting with a letter or digit`},
	{"no seeds", "name: small\n▸seeds: []\n", "seeds is empty: give at least one, such as [0]"},
	{"negative seed", "name: small\nseeds: [0, ▸-1]\n", "seed -1 is negative"},
	{"seed twice", "name: small\nseeds:\n  - 7\n  - ▸7\n", "seed 7 is listed twice"},

	// The dataset and the base.
	{"no dataset", "▸name: small\n", "dataset.format is missing: mvtec, folders or elpv"},
	{"empty dataset", "name: small\n▸dataset:\n", "dataset.format is missing: mvtec, folders or elpv"},
	{"unknown format", "name: small\ndataset: {format: ▸coco}\n", `"coco" is not one of: mvtec, folders, elpv`},
	{"no root", "name: small\n▸dataset: {format: mvtec}\n", "dataset.root is missing: the folder of the images"},
	{"no noun", "name: small\n▸dataset:\n  format: elpv\n", "dataset.noun is missing: what the photos show, as a prompt would say it"},
	{"no defects", "name: small\n▸dataset: {format: elpv, noun: cell}\n", "dataset.defects is missing: list at least one defect class"},
	{"empty defects", "name: small\ndataset: {format: elpv, noun: cell, ▸defects: []}\n", "dataset.defects is missing: list at least one defect class"},
	{"defect twice", "name: small\ndataset: {format: elpv, noun: cell, defects: [a, b, ▸a]}\n", `class "a" is listed twice`},
	{"good defect", "name: small\ndataset: {format: elpv, noun: cell, good: fine, defects: [a, ▸fine]}\n", `class "fine" is both the good class and a defect`},
	{"defect called good", "name: small\ndataset: {format: elpv, noun: cell, good: fine, defects: [▸good]}\n", `no class of defects can be called "good": conditions.test means something else by it`},
	{"no base", "▸name: small\ndataset: {format: elpv, noun: cell, defects: [a]}\n", "base is missing: a diffusers folder, a bundled model (tiny-sd) or a Hugging Face id"},
	{"no study", "▸" + head, "nothing to do: give patterns, conditions, or both"},

	// The lora section.
	{"identifier", head + study1 + "lora: {identifier: ▸''}\n", "identifier is empty"},
	{"resolution", head + study1 + "lora: {resolution: ▸100}\n", "resolution 100: must be a multiple of 8, at least 32"},
	{"rank", head + study1 + "lora: {rank: ▸0}\n", "rank 0: must be at least 1"},
	{"alpha", head + study1 + "lora: {alpha: ▸-1}\n", "alpha -1: must be above 0"},
	{"target", head + study1 + "lora: {target: ▸conv}\n", `"conv" is not one of: attention, attention+conv`},
	{"learning rate", head + study1 + "lora: {learning_rate: ▸0}\n", "learning rate 0: must be above 0"},
	{"steps", head + study1 + "lora: {steps: ▸-1}\n", "steps -1: must be at least 1"},
	{"batch size", head + study1 + "lora: {batch_size: ▸0}\n", "batch size 0: must be at least 1"},
	{"prior weight", head + study1 + "lora: {prior_weight: ▸-0.5}\n", "prior weight -0.5: must not be negative"},
	{"regularization", head + study1 + "lora: {regularization: ▸kohya}\n", `"kohya" is not one of: exact`},
	{"precision", head + study1 + "lora: {precision: ▸fp8}\n", `"fp8" is not one of: fp32, bf16, fp16`},

	// The generate section.
	{"strength", head + study1 + "generate: {strength: ▸1.2}\n", "strength 1.2: must be above 0 and at most 1"},
	{"no strength", head + study1 + "generate: {strength: ▸0}\n", "strength 0: must be above 0 and at most 1"},
	{"sampling steps", head + study1 + "generate: {steps: ▸0}\n", "steps 0: must be at least 1"},
	{"no denoising step", head + study1 + "generate: {steps: 9, strength: ▸0.1}\n", "strength 0.1 of 9 steps runs no denoising step: int(steps × strength) must be at least 1"},
	{"no denoising step by default strength", head + study1 + "▸generate: {steps: 1}\n", "strength 0.8 of 1 steps runs no denoising step: int(steps × strength) must be at least 1"},
	{"guidance", head + study1 + "generate: {guidance: ▸-1}\n", "guidance -1: must not be negative"},
	{"images at a time", head + study1 + "generate: {batch_size: ▸0}\n", "batch size 0: must be at least 1"},
	{"generating precision", head + study1 + "generate: {precision: ▸half}\n", `"half" is not one of: fp32, bf16, fp16`},

	// Patterns.
	{"defect of no class", head + "patterns: {defect: ▸hole, baseline: true}\n", `"hole" is not one of: crack, cut`},
	{"show", head + "patterns: {show: ▸-1, baseline: true}\n", "show -1: must be at least 1"},
	{"no patterns", head + "▸patterns: {show: 8}\n", "patterns has neither a matrix nor a baseline"},
	{"no defect images", head + "patterns: {matrix: [{defect_images: 3}, ▸{steps: 3}]}\n", "defect_images is missing"},
	{"no defect images, block style", head + "patterns:\n  matrix:\n    - ▸steps: 3\n", "defect_images is missing"},
	{"zero defect images", head + "patterns: {matrix: [{defect_images: [3, ▸0]}]}\n", "defect_images 0: must be at least 1"},
	{"negative regularization", head + "patterns: {matrix: [{defect_images: 3, regularization_images: [0, ▸-10]}]}\n", "regularization_images -10: must be at least 0"},
	{"zero steps of many", head + "patterns: {matrix: [{defect_images: 3, steps: [▸0, 10]}]}\n", "steps 0: must be at least 1"},
	{"zero rank of many", head + "patterns: {matrix: [{defect_images: 3, rank: ▸0}]}\n", "rank 0: must be at least 1"},
	{"learning rate of many", head + "patterns: {matrix: [{defect_images: 3, learning_rate: [1e-3, ▸0.0]}]}\n", "learning rate 0: must be above 0"},
	{"strength of many", head + "patterns: {matrix: [{defect_images: 3, strength: [0.5, ▸0.01]}]}\n", "strength 0.01: must be above 0, at most 1, and leave at least one of 30 steps"},

	// Conditions.
	{"unknown test class", head + "conditions: {test: {good: 4, defects: 2, ▸hole: 2}}\n", `"hole" is no class of the dataset (good, defects, or one of: good, crack, cut)`},
	{"two unknown test classes", head + "conditions: {test: {good: 4, defects: 2, slot: 2, ▸hole: 2}}\n", `"hole" is no class of the dataset (good, defects, or one of: good, crack, cut)`},
	{"no test images of a class", head + "conditions: {test: {good: 4, ▸crack: 0}}\n", "0 test images: must be at least 1"},
	{"a class is not tested", head + "conditions: {▸test: {good: 4, crack: 2}}\n", `no test images for class "cut": give it a count, or all defects one under defects`},
	{"nothing is tested", head + "▸conditions: {training_sets: {}}\n", `no test images for class "good": give it a count, or all defects one under defects`},
	{"no training sets", head + "▸" + lora2, "training_sets is empty"},
	{"empty training sets", head + lora2 + "  ▸training_sets: {}\n", "training_sets is empty"},
	{"training set without a name", head + lora2 + "  training_sets: {▸'': {good: {real: 1}, defects: {real: 1}}}\n", "a training set without a name"},
	{"training set without good images", head + lora2 + "  training_sets:\n    ▸real + generated: {defects: {real: 1}}\n", `training set "real + generated" has no good images`},
	{"training set of zero defects", head + lora2 + "  training_sets:\n    a.b: {good: {real: 1}, ▸defects: {real: 0}}\n", `training set "a.b" has no defects images`},
	{"negative count", head + lora2 + "  training_sets:\n    real: {▸good: {real: -1, generated: 3}, defects: {real: 1}}\n", "counts must not be negative"},
	{"generated from nothing", head + "conditions:\n  test: {good: 4, defects: 2}\n  ▸lora: {defect_images: 3}\n  training_sets: {made: {good: {generated: 1}, defects: {real: 1}}}\n", "lora.good_images is missing: generated images start from them"},
	{"generated by nothing", head + "▸conditions:\n  test: {good: 4, defects: 2}\n  training_sets: {made: {good: {real: 1}, defects: {generated: 1}}}\n", "lora.good_images is missing: generated images start from them"},
	{"negative images of a LoRA", head + "conditions:\n  test: {good: 4, defects: 2}\n  lora: {good_images: ▸-3}\n", "lora.good_images -3: must not be negative"},

	// The classifier.
	{"model", head + study2 + "classifier: {model: ▸resnet50}\n", `"resnet50" is not one of: efficientnet_b0`},
	{"weights", head + study2 + "classifier: {weights: ▸''}\n", "weights is empty: imagenet, lite0, none or a .safetensors file"},
	{"small pictures", head + study2 + "classifier: {resolution: ▸16}\n", "resolution 16: must be at least 32"},
	{"epochs and steps", head + study2 + "▸classifier: {epochs: 3, steps: 100}\n", "give either epochs or steps, not both"},
	{"negative epochs", head + study2 + "classifier: {epochs: ▸-1, steps: 5}\n", "epochs -1: must be above 0"},
	{"negative classifier steps", head + study2 + "classifier: {steps: ▸-5}\n", "steps -5: must be above 0"},
	{"one image at a time", head + study2 + "classifier: {batch_size: ▸1}\n", "batch size 1: batch normalization needs at least 2"},
	{"classifier learning rate", head + study2 + "classifier: {learning_rate: ▸-0.001}\n", "learning rate -0.001: must be above 0"},
	{"weight decay", head + study2 + "classifier: {weight_decay: ▸-1}\n", "weight decay -1: must not be negative"},
	{"classifier precision", head + study2 + "classifier: {precision: ▸fp8}\n", `"fp8" is not one of: fp32, bf16, fp16`},
}
