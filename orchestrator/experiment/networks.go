package experiment

import _ "embed"

//go:embed backbones.json
var backbonesFile []byte

// Backbone is a network of classifiers.
type Backbone struct {
	ImageNet string `json:"imagenet"`        // the file of torchvision's weights; "" where it has none
	Features int    `json:"features"`        // how many its last layer sees of an image
	Stored   int64  `json:"stored"`          // bytes that all but its last layer takes, in float32
	Lite0    bool   `json:"lite0,omitempty"` // whether the weights of EfficientNet-Lite0 fit it
}

// Backbones are the networks of classifiers, as torchvision calls them, and Transformers.
var Backbones = table[map[string]Backbone](backbonesFile)

// Transformers is the model whose weights, a folder or a Hugging Face id, say which DINOv2 or CLIP it
// is; the table has the features of the widest and what a ViT-B takes.
const Transformers = "transformers"

// What classifier.weights names, where it is no file.
const (
	ImageNet  = "imagenet" // torchvision's
	Lite0     = "lite0"    // those of EfficientNet-Lite0, of a package
	NoWeights = "none"     // random ones
)

// What other settings of classifiers may say, and more than one place asks for.
const (
	TrainAll    = "all"
	TrainHead   = "head"
	NoAugment   = "none"
	MildAugment = "mild"
	RealShare   = "real_share" // of classifier.sampling

	PlainSampling = "plain"
)
