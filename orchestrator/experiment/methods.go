package experiment

import (
	_ "embed"
	"reflect"
	"slices"
	"strings"
)

//go:embed methods.json
var methodsFile []byte

// Inputs of a method, which a plan chooses.
const (
	InputBase   = "base"   // the base model
	InputLoRA   = "lora"   // of the class
	InputSource = "source" // photos of good parts, which images start from in turn
	InputDefect = "defect" // photos of the class that train it, or its LoRA, in turn
	InputMask   = "mask"   // of defects that train LoRAs, in turn
)

// Method is what a way to make images works with.
type Method struct {
	Needs    []string `json:"needs"`    // inputs without which it makes no image
	Takes    []string `json:"takes"`    // inputs that it may have besides
	Denoises bool     `json:"denoises"` // by a prompt: strength, steps, guidance and sampler mean something to it
	UNet     bool     `json:"unet"`     // works in a UNet's layers, so that no other base model will do
	Masks    bool     `json:"masks"`    // its images are their sources but for what a mask of each shows
	Options  []string `json:"options"`  // keys of Options that mean something to it
	Passes   int      `json:"passes"`   // through the network in a denoising step, as a multiple of img2img's
}

// Methods are the ways to make images, by their names. It is the table that the
// METHOD of each file in scripts/generation/methods is held to.
var Methods = table[map[string]Method](methodsFile)

// Options are settings of making images that mean something to some methods only, which
// methods.json says. Those without JSON are for the plan: what it gives to the method.
type Options struct {
	Mask          string  `yaml:"mask" json:"mask"`                     // where defects are made: MaskTraining, boxes or blobs
	MaskScaleMin  float64 `yaml:"mask_scale_min" json:"mask_scale_min"` // of a mask, when it is placed
	MaskScaleMax  float64 `yaml:"mask_scale_max" json:"mask_scale_max"`
	Feather       int     `yaml:"feather" json:"feather"`               // pixels of a photo, around a mask, in which what is made passes into the photo
	Blend         string  `yaml:"blend" json:"blend"`                   // how a patch is pasted: plain or poisson
	Weight        float64 `yaml:"weight" json:"weight"`                 // of the reference, 0 to 1
	StyleFidelity float64 `yaml:"style_fidelity" json:"style_fidelity"` // to the reference, 0 to 1
	AdaIN         bool    `yaml:"adain" json:"adain"`                   // statistics of the reference as well as its attention
	WithinMask    bool    `yaml:"within_mask" json:"-"`                 // only what the reference's mask shows is referred to
	WithLoRA      bool    `yaml:"with_lora" json:"-"`                   // beside the reference
}

// MaskTraining is the mask of a photo that a LoRA learns.
const MaskTraining = "training"

// How is the method by which images are made.
func (g Generate) How() Method { return Methods[g.Method] }

// Uses says whether images are made with an input where there is one. What a method may
// have besides what it needs can be for an option to say.
func (g Generate) Uses(input string) bool {
	m := g.How()
	option := func(key string) bool { return slices.Contains(m.Options, key) }
	switch {
	case slices.Contains(m.Needs, input):
		return true
	case !slices.Contains(m.Takes, input):
		return false
	case input == InputMask && option("mask"):
		return g.Mask == MaskTraining
	case input == InputMask && option("within_mask"):
		return g.WithinMask
	case input == InputLoRA && option("with_lora"):
		return g.WithLoRA
	}
	return true
}

// Autoencodes says whether images go through the base model's autoencoder whole, so that
// photos that went through it are a control for them.
func (g Generate) Autoencodes() bool { return g.Uses(InputBase) && !g.How().Masks }

// needsBase says whether anything of the experiment goes through a base model: a LoRA's training,
// a method's images, or photos that the autoencoder gives back.
func (e *Experiment) needsBase() bool {
	return e.Referee.Photos > 0 ||
		slices.ContainsFunc(e.ExpandPatterns(), func(p Pattern) bool { return p.Generate.Uses(InputBase) }) ||
		slices.ContainsFunc(e.ExpandConditions(), func(c Condition) bool {
			return c.Good.Decoded+c.Defects.Decoded > 0 || c.UsesGenerated() && c.LoRA.Generate.Uses(InputBase)
		})
}

// UsesDefects says whether photos of defects, or their masks, are used besides by a LoRA: to
// make images, or to choose among them.
func (g Generate) UsesDefects() bool {
	return g.Uses(InputDefect) || g.Uses(InputMask) || g.Select.Looks()
}

// takes says whether a key of the generate section means something to the method.
func (m Method) takes(key string) bool {
	switch section, _, _ := strings.Cut(key, "."); section {
	case "method", "batch_size", "select":
		return true
	case "precision":
		return slices.Contains(m.Needs, InputBase) || slices.Contains(m.Takes, InputBase)
	}
	if _, option := optionFields[key]; option {
		return slices.Contains(m.Options, key)
	}
	return m.Denoises
}

// optionFields are the places of options in Options, by their keys.
var optionFields = func() map[string]reflect.StructField {
	fields := map[string]reflect.StructField{}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Options]()) {
		fields[field.Tag.Get("yaml")] = field
	}
	return fields
}()

// Meant leaves of what a file says of making images what means something to its method, so
// that nothing else is part of a key.
func (g Generate) Meant() Denoising {
	switch {
	case g.How().Denoises:
		return g.Denoising
	case g.Uses(InputBase):
		return Denoising{BatchSize: g.BatchSize, Precision: g.Precision}
	}
	return Denoising{BatchSize: g.BatchSize}
}

// Given are the options that the method is given, by their keys; nil for none.
func (g Generate) Given() map[string]any {
	var given map[string]any
	for _, key := range g.How().Options {
		if field := optionFields[key]; field.Tag.Get("json") != "-" {
			if given == nil {
				given = map[string]any{}
			}
			given[key] = reflect.ValueOf(g.Options).FieldByIndex(field.Index).Interface()
		}
	}
	return given
}

// generateFields are the fields of Generate: to find them takes longer than all else that
// thousands of cells ask Like for.
var generateFields = reflect.VisibleFields(reflect.TypeFor[Generate]())

// Like says what images are made by, whatever is then chosen among them: two that are equal
// make the same of the same.
func (g Generate) Like() Generate {
	kept := reflect.ValueOf(&Generate{}).Elem()
	for _, field := range generateFields {
		if key := field.Tag.Get("yaml"); key != "" && g.How().takes(key) {
			kept.FieldByIndex(field.Index).Set(reflect.ValueOf(g).FieldByIndex(field.Index))
		}
	}
	like := kept.Interface().(Generate)
	like.Select = Select{}
	return like
}
