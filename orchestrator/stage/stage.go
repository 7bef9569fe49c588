// Package stage says what each kind of work is: one file a stage, which is also a Python function
// in scripts. A stage's spec is what it is asked to do, and answers for itself all that planning,
// execution and reports ask of it. It is pure.
//
// A further stage is a file with its spec, and a line in All.
package stage

import (
	"iter"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/experiment"
)

// All has a spec of every stage, in the order of a table.
var All = []Spec{TrainLoRA{}, Generate{}, Autoencode{}, Classify{}, Detect{}, Measure{}, Choose{}, Judge{}}

// Kinds lists the names of all stages, in the same order.
func Kinds() []string {
	kinds := make([]string, len(All))
	for i, spec := range All {
		kinds[i] = spec.Kind()
	}
	return kinds
}

// Spec is what a stage is asked to do. Its JSON is both what the key is made
// of and, once resolved, what the Python stage reads. A plan has thousands, so
// generated images are not listed before that.
type Spec interface {
	// Kind is the stage's name, which is that of its module in scripts.
	Kind() string

	// Resolve returns a copy with every Ref replaced and every image listed.
	Resolve(f func(Ref) Ref) Spec

	// Reads are the photos that it reads.
	Reads() []Reading

	// Opens is the model that it opens: a base model, an encoder or a classifier's initial weights.
	Opens() Ref

	// Keeps names the model that a worker keeps from one such task to the next; "" for none.
	Keeps() string

	// GroupKey is equal for tasks that a worker can compute together, each with
	// its own result; "" for a stage that computes one task at a time.
	GroupKey() string

	// Effort is about how much work it is, in images that pass through a network.
	// It orders the schedule, and forecasts go by it.
	Effort() float64

	// Output is about what its artifact will hold, at most.
	Output() Output

	// Batch is how many images are computed at once where memory suffices, and in
	// how many pieces that is done at first; 1, 1 if it cannot be divided.
	Batch() (images, pieces int)

	// InPieces is what changes of what the Python stage reads so that it computes a
	// batch in pieces. The result stays the same, but for rounding.
	InPieces(pieces int) map[string]any

	// Smaller names settings with which it takes less memory.
	Smaller() string

	// Curve is the file of its artifact that has a row for each step or epoch; "" for none.
	Curve() string
}

// Stepped is a spec of work in steps, that keeps checkpoints and is interrupted and
// continued between two of them.
type Stepped interface {
	Spec
	StepCount() int
}

// Chained is a spec of work in steps that goes on from an artifact of fewer steps.
type Chained interface {
	Stepped

	// ChainKey identifies the work apart from its number of steps; "" if it does not
	// begin as that of fewer steps does, of which Whole says why.
	ChainKey(version int) string
	Whole() string
}

// Seeded is a spec all of whose random numbers follow from one seed.
type Seeded interface {
	RandomSeed() int64
}

// Backboned is a spec of a network that torchvision knows by name.
type Backboned interface {
	Spec
	Backbone() string
}

// Observer is a spec that also looks at artifacts that do not shape its own.
type Observer interface {
	MadeFrom() []Ref // in or of the artifacts that do
}

// Rendering is how photos become the squares that networks see; every spec of a
// stage that reads photos has it. scripts/common/framing.py does it.
type Rendering struct {
	Levels dataset.Levels `json:"levels,omitempty"` // of 16-bit photos
	Fit    string         `json:"fit,omitempty"`    // of photos that are no squares: "" crops them
}

// Role is what a photo is to a stage.
type Role string

// The roles of photos.
const (
	Instance       Role = "instance image"
	Regularization Role = "regularization image"
	Source         Role = "source image"
	Pasted         Role = "pasted photo"    // of which a patch is in the image
	Reference      Role = "reference photo" // of which the image has the look
	Mask           Role = "mask"            // of a photo: where something is made or learnt
	Guide          Role = "guide photo"     // by which one of several images is kept
	Control        Role = "photo"           // that the autoencoder gives back
	Decoded        Role = "decoded photo"   // trained on as the autoencoder gives it back
	Training       Role = "training image"
	Refereeing     Role = "referee's photo" // which it learns
	Test           Role = "test image"
	Calibration    Role = "calibration photo"
	Compared       Role = "measured photo"
)

// Shapes reports whether the artifact may show what the photo shows, so that
// nothing that is made from it may be tested on the photo.
func (r Role) Shapes() bool { return r != Test && r != Calibration && r != Compared }

// Reading is photos of one role.
type Reading struct {
	Role   Role
	How    string // what is done with them, for people
	Photos iter.Seq[Ref]
}

// Output is about what an artifact holds, at most.
type Output struct {
	LoRAs       int   // LoRAs counts those that it trains.
	LoRABytes   int64 // LoRABytes is what they take in all, with what a later training goes on from.
	Images      int   // Images counts the pictures.
	ImageBytes  int64 // ImageBytes is what they take in all.
	Classifiers int   // Classifiers counts those that it trains.
	TableBytes  int64 // TableBytes is what tables and features take.
}

// What artifacts take on disk.
const bytesPerPixel = 3 // RGB; PNG makes it less

// featureBytes is what the features of an image take, in float32.
func featureBytes(model string) int64 { return 4 * int64(experiment.Backbones[model].Features) }

// pictures is the output of n square images.
func pictures(n, side int) Output {
	return Output{Images: n, ImageBytes: int64(n) * int64(side) * int64(side) * bytesPerPixel}
}
