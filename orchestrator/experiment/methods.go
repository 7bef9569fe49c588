package experiment

import (
	_ "embed"
	"slices"
)

//go:embed methods.json
var methodsFile []byte

// Inputs of a method that a plan chooses; it gives each the base model as well.
const (
	InputLoRA   = "lora"
	InputSource = "source" // photos of good parts, which images start from in turn
)

// Method is what a way to make images works with.
type Method struct {
	Needs    []string `json:"needs"`    // inputs without which it makes no image
	Takes    []string `json:"takes"`    // inputs that it may have besides
	Denoises bool     `json:"denoises"` // by a prompt: strength, steps, guidance and sampler mean something to it
}

// Methods are the ways to make images, by their names. It is the table that the
// METHOD of each file in scripts/generation/methods is held to.
var Methods = table[map[string]Method](methodsFile)

// Uses says whether the method makes images with an input where there is one.
func (m Method) Uses(input string) bool {
	return slices.Contains(m.Needs, input) || slices.Contains(m.Takes, input)
}

// Of leaves of what a file says of making images what means something to the
// method, so that nothing else is part of a key.
func (m Method) Of(d Denoising) Denoising {
	if m.Denoises {
		return d
	}
	return Denoising{BatchSize: d.BatchSize, Precision: d.Precision}
}

// How is the method by which images are made.
func (g Generate) How() Method { return Methods[g.Method] }
