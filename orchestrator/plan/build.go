package plan

import (
	"errors"
	"fmt"
	"sync"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/experiment"
	"kizu/orchestrator/model"
	"kizu/orchestrator/stage"
)

// Inputs is what a plan is made from besides the experiment file.
type Inputs struct {
	Set      *dataset.Set
	Division *dataset.Division
	Base     *model.Base
	Weights  map[string]*model.Weights // of classifiers, as the experiment file has them
	Encoder  *model.Encoder            // whose features compare study 1's images; nil for those of the classifiers' network
	Referee  *model.Classifier         // that says what images show; nil for one that is trained, or none
	Versions map[string]int            // of each stage's code, and by "generate/method" what that adds
}

// Build plans every cell. A class with too few images is an error that says
// how many there are and how many are needed, of all classes at once; so is a plan in which a test
// image reaches a classifier's training.
func Build(exp *experiment.Experiment, in Inputs) (*Plan, error) {
	if err := tooFew(shortages(exp, in.Set, in.Division)); err != nil {
		return nil, err
	}
	b := &builder{
		exp: exp,
		in:  in, division: in.Division,
		draws: map[int64]*dataset.Division{},
		byKey: map[string]*Task{}, byLabel: map[string]*Task{},
		plan: &Plan{Experiment: exp, Division: in.Division, Set: in.Set, Base: in.Base, Encoder: in.Encoder, Encoders: encodersOf(in.Encoder, in.Weights), referee: in.Referee},
		refs: map[string]stage.Ref{}, unknown: map[string]string{},
		loras: map[string]stage.TrainLoRA{}, trainings: map[string]stage.Classify{},
		shown: map[string]materials{}, probes: map[string]probe{},
		counts: exp.GeneratedCounts(), decodes: exp.DecodedCounts(),
	}
	if exp.Patterns != nil {
		b.learns = b.patternsLearn()
	}
	b.plan.similar = sync.OnceValue(b.plan.findSimilar)
	b.plan.images = map[string]dataset.Image{}
	for _, img := range in.Set.Images {
		b.plan.images[img.SHA256] = img
	}
	b.plan.masks = masksByHash(in.Set, in.Division)
	b.plan.paths = map[stage.Ref]string{}
	if in.Base.Path != "" {
		b.opens(b.base(), in.Base.Path)
	}
	for _, encoder := range b.plan.Encoders {
		if encoder.Path != "" {
			b.opens(modelRef(encoder.Name, encoder.SHA256), encoder.Path)
		}
	}
	if in.Referee != nil {
		b.opens(stage.ByHash(in.Referee.SHA256), in.Referee.Path)
	}
	for _, cell := range exp.Cells() {
		planned, err := b.cell(cell)
		if errors.As(err, new(*experiment.Error)) { // its place says enough
			return nil, err
		} else if err != nil {
			return nil, fmt.Errorf("%s %q: %w", cell.Study, cell.Name, err)
		}
		b.plan.Cells = append(b.plan.Cells, planned)
	}
	chain(b.plan.Tasks)
	b.plan.Tasks = inOrder(b.plan.Tasks)
	return b.plan, b.plan.checkLeaks()
}

type builder struct {
	exp   *experiment.Experiment
	in    Inputs
	plan  *Plan
	byKey map[string]*Task

	division *dataset.Division           // that the cell which is being planned draws from
	draws    map[int64]*dataset.Division // those of seeds that draw their own photos

	// What cells share is described once: a plan has thousands of cells, and
	// each names hundreds of images.
	byLabel   map[string]*Task
	refs      map[string]stage.Ref       // of images, by hash
	unknown   map[string]string          // of LoRAs' targets: what no layer of the base model is called
	loras     map[string]stage.TrainLoRA // of patterns and of study 2's classes, of each draw; the seed is missing
	trainings map[string]stage.Classify  // of conditions and draws; the seed and generated images are missing
	shown     map[string]materials       // of patterns and draws
	probes    map[string]probe           // of resolutions and draws

	counts map[experiment.Generate]map[string]int // of study 2's images: experiment.GeneratedCounts

	decodes map[string]int // photos of each class that are decoded to be trained on: experiment.DecodedCounts

	learns   int      // photos of the defect that study 1's LoRAs learn, at most
	compared compared // photos that study 1's images are compared with
}

// once describes what cells share the first time that it is asked for.
func once[T any](known map[string]T, name string, describe func() (T, error)) (T, error) {
	if shared, ok := known[name]; ok {
		return shared, nil
	}
	shared, err := describe()
	if err == nil {
		known[name] = shared
	}
	return shared, err
}

// add returns the task for a spec: cells that ask for the same share one.
func (b *builder) add(label string, spec stage.Spec, needs ...*Task) (*Task, error) {
	if err := b.suits(spec); err != nil {
		return nil, err
	}
	task, err := newTask(b.version(spec), label, spec, needs...)
	if err != nil {
		return nil, err
	}
	if same, ok := b.byKey[task.Key]; ok {
		return same, nil
	}
	b.byKey[task.Key] = task
	b.plan.Tasks = append(b.plan.Tasks, task)
	return task, nil
}

// version is that of the code that a task runs: its stage's and, of images, what their
// method adds to it. Either only grows.
func (b *builder) version(spec stage.Spec) int {
	version := b.in.Versions[spec.Kind()]
	if images, ok := spec.(stage.Generate); ok && images.Method != "" {
		version += b.in.Versions[spec.Kind()+"/"+images.Method]
	}
	return version
}

func (b *builder) cell(cell experiment.Cell) (Cell, error) {
	b.division = b.drawn(cell)
	if cell.Pattern != nil {
		return b.pattern(cell)
	}
	return b.condition(cell)
}

func (b *builder) base() stage.Ref { return modelRef(b.in.Base.Name, b.in.Base.SHA256) }

// opens notes where a model is.
func (b *builder) opens(ref stage.Ref, path string) {
	b.plan.paths[ref], b.plan.folders = path, append(b.plan.folders, path)
}

func (b *builder) encoder() stage.Ref { return modelRef(b.in.Encoder.Name, b.in.Encoder.SHA256) }

// modelRef is the reference of a model: by content, or of the hub by name.
func modelRef(name, sum string) stage.Ref {
	if sum == "" {
		return stage.ByName(name)
	}
	return stage.ByHash(sum)
}

// prompts of a class: the noun alone, and with the identifier before it. A
// class of one variety (elpv: mono, poly) has the variety in its noun.
func (b *builder) prompts(class, identifier string) (instance, regular string) {
	regular = b.exp.Dataset.Noun
	if variety := b.in.Set.Variety(class); variety != "" {
		regular = variety + " " + regular
	}
	return identifier + " " + regular, regular
}

// loraSpec is the training that a recipe describes, on given pictures. The seed
// is missing; the prompts are added here.
func (b *builder) loraSpec(class string, l experiment.LoRA, instance stage.Prompted, regular []stage.Ref) stage.TrainLoRA {
	var classPrompt string
	instance.Prompt, classPrompt = b.prompts(class, l.Identifier)
	spec := stage.TrainLoRA{
		Base:       b.base(),
		Resolution: l.Resolution,
		Instance:   instance,
		Class:      stage.Prompted{Prompt: classPrompt, Images: regular},
		Steps:      l.Steps,
		Rendering:  b.rendering(),

		LoRATraining: l.LoRATraining,
	}
	if l.Regularization != stage.Kohya { // then repeats mean nothing, and another number changes no key
		spec.Repeats, spec.RegularizationRepeats = 0, 0
	}
	if spec.RegularizationRepeats == 1 { // the usual number has no name in keys
		spec.RegularizationRepeats = 0
	}
	if len(instance.Masks) == 0 {
		spec.Outside = 0
	}
	return spec.Shared(b.in.Versions[spec.Kind()])
}

// generateSpec asks for n images of a class. The seed depends on the class only,
// so that the same number shows the same noise in every pattern. There is a LoRA where the
// method uses one.
func (b *builder) generateSpec(class string, seed int64, n int, in stage.Ingredients, r experiment.Recipe, lora *Task) stage.Generate {
	g := r.Generate
	spec := stage.Generate{
		Options: g.Given(), Denoising: g.Meant(),
		Seed: stage.Seed(seed, stage.KindGenerate, class), Ingredients: truncated(in, n), Count: n,
		Rendering: b.rendering(),
	}
	if g.Uses(experiment.InputBase) {
		spec.Base, spec.Resolution = b.base(), r.Resolution
	}
	if g.How().Masks {
		spec.Pixels = b.pixels(in.Sources)
	}
	if g.How().Denoises {
		var plain string
		if spec.Prompt, plain = b.prompts(class, r.Identifier); !g.WithIdentifier {
			spec.Prompt = plain
		}
		spec.NegativePrompt = g.NegativePrompt
		if f := b.in.Base.Family; f != nil && f.Flow {
			spec.Run = experiment.FlowSteps(g.Steps, g.Strength)
		}
	} else {
		spec.Good = class == b.exp.Dataset.Good
	}
	if g.Method != experiment.UsualMethod { // which no key of before has
		spec.Method = g.Method
	}
	if lora != nil {
		spec.LoRA = lora.file("")
	}
	return spec
}

// ref is the reference of an image.
func (b *builder) ref(img dataset.Image) stage.Ref {
	ref, ok := b.refs[img.SHA256]
	if !ok {
		ref = stage.ByHash(img.SHA256)
		b.refs[img.SHA256] = ref
	}
	return ref
}

func (b *builder) refsOf(images []dataset.Image) []stage.Ref {
	list := make([]stage.Ref, len(images))
	for i, img := range images {
		list[i] = b.ref(img)
	}
	return list
}
