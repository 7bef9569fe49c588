package model

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// family is what a folder of base models that are loaded alike looks like. How
// they are loaded is in scripts/diffusion/families, a file for each.
type family struct {
	Pipelines  []string `json:"pipelines"`  // classes that a model_index.json may name
	Components []string `json:"components"` // folders that it must list
}

//go:embed families.json
var familiesFile []byte

// families are those that are loaded, by their names.
var families = func() (table map[string]family) {
	if err := json.Unmarshal(familiesFile, &table); err != nil {
		panic(err) // a mistake in the program, which no test would let pass
	}
	return table
}()

// familyOf finds the family of a pipeline's class.
func familyOf(class string) (family, error) {
	var supported []string
	for _, name := range slices.Sorted(maps.Keys(families)) {
		if slices.Contains(families[name].Pipelines, class) {
			return families[name], nil
		}
		supported = append(supported, families[name].Pipelines...)
	}
	return family{}, fmt.Errorf("it is a %s; supported are %s", class, strings.Join(supported, ", "))
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
