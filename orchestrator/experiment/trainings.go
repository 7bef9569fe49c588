package experiment

import _ "embed"

//go:embed optimizers.json
var optimizersFile []byte

//go:embed schedules.json
var schedulesFile []byte

// Optimizers are what a LoRA's training can be moved by, each with the bytes of state
// that it keeps of a parameter, at most: 8-bit AdamW's are 2 in tensors of 4,096
// parameters and more.
var Optimizers = table[map[string]int](optimizersFile)

// Schedule is how a learning rate goes.
type Schedule struct {
	// Continues says that the rate of a step depends on no number of steps, so that
	// the first steps of a training are a training of that many steps.
	Continues bool `json:"continues"`
}

// Schedules are those that a LoRA's training can have.
var Schedules = table[map[string]Schedule](schedulesFile)
