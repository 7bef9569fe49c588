package model

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Family is what a folder of base models that are loaded alike looks like, and what they
// can be asked. How they are loaded is in scripts/diffusion/families, a file for each.
type Family struct {
	Pipelines  []string `json:"pipelines"`  // classes that a model_index.json may name
	Components []string `json:"components"` // folders that it must list
	Optional   []string `json:"optional"`   // folders that it may list
	Flow       bool     `json:"flow"`       // by flow matching, with a transformer in place of a UNet
	Samplers   []string `json:"samplers"`   // besides base
	Attention  []string `json:"attention"`  // ends of the names of its attention's layers; nil for those of a UNet
}

// Multiple is what the sides of its pictures must be a multiple of, for real models' sizes:
// 8 pixels to a latent, of which a transformer takes 2 × 2 together.
func (f *Family) Multiple() int {
	if f.Flow {
		return 16
	}
	return 8
}

// Denoiser is the folder of the network that a LoRA is on.
func (f *Family) Denoiser() string { return f.Components[0] }

//go:embed families.json
var familiesFile []byte

// families are those that are loaded, by their names.
var families = func() (table map[string]*Family) {
	if err := json.Unmarshal(familiesFile, &table); err != nil {
		panic(err) // a mistake in the program, which no test would let pass
	}
	return table
}()

// familyOf finds the family of a pipeline's class.
func familyOf(class string) (*Family, error) {
	var supported []string
	for _, name := range slices.Sorted(maps.Keys(families)) {
		if slices.Contains(families[name].Pipelines, class) {
			return families[name], nil
		}
		supported = append(supported, families[name].Pipelines...)
	}
	return nil, fmt.Errorf("it is a %s; supported are %s", class, strings.Join(supported, ", "))
}

// inAll reports whether every family has a component.
func inAll(component string) bool {
	for _, f := range families {
		if !slices.Contains(f.Components, component) {
			return false
		}
	}
	return true
}
