package execute

import (
	_ "embed"
	"encoding/json"
	"maps"
	"os"
	"slices"
)

// environmentFile is read by benchmarks and tests of the stages as well, so that they
// compute as workers do.
//
//go:embed environment.json
var environmentFile []byte

// environment is what a worker's environment has besides that of its host.
type environment struct {
	// Always: a killed worker's log is complete; packages are the virtual
	// environment's and nothing else; libraries ask nobody and start no processes.
	Always map[string]string `json:"always"`

	// Waiting keeps torch's OpenMP threads from waiting busily for each other, which
	// beside other work takes the cores from the thread that is waited for. Measured
	// on 2 cores, 15 steps of a classifier: with libgomp's own limit 3.3 s alone and
	// 21 s beside two busy processes, with this one 3.7 s and 8.4 s.
	Waiting map[string]string `json:"waiting"`

	// Memory has glibc ask for large pages, since torch gives memory back and takes
	// it anew at every step. Measured on 2 cores, a step of a classifier: 0.227 s and
	// 13,000 page faults without, 0.211 s and 30 with.
	Memory map[string]string `json:"memory"`

	// Kernels decide which code of torch and of the libraries below it computes, and so the last
	// bits of results. They are read when these are loaded. Without more, MKL takes another kernel
	// for matrices that do not begin at a multiple of 64 bytes: 4 of 37 operations then gave other
	// last bits, among them the low-rank products of a LoRA. Its reproducible mode on the best
	// instructions gave the same bits for all, those of aligned matrices, and took no longer.
	Kernels map[string]string `json:"kernels"`

	// Reproducible is in place of Kernels: code that every x86-64 processor with AVX2
	// has, and always as many threads, since sums over threads are added up in
	// another order when there are others.
	Reproducible map[string]string `json:"reproducible"`
}

// Offline keeps workers from asking the Hugging Face hub for anything: what a
// run needs of it is there before its first task.
const Offline = "HF_HUB_OFFLINE=1"

// WorkerEnvironment is what a worker's environment has besides that of the host, as
// NAME=value. What the host's says of waiting, memory and kernels stands: whoever set it
// knows better. With reproducible, kernels are the same whatever it says.
func WorkerEnvironment(reproducible bool) []string {
	var table environment
	if err := json.Unmarshal(environmentFile, &table); err != nil {
		panic(err) // a mistake in the program, which no test would let pass
	}
	var list []string
	add := func(variables map[string]string, unlessSet bool) {
		for _, name := range slices.Sorted(maps.Keys(variables)) {
			if !unlessSet || os.Getenv(name) == "" {
				list = append(list, name+"="+variables[name])
			}
		}
	}
	if os.Getenv("OMP_WAIT_POLICY") == "" { // which says the same in another way
		add(table.Waiting, true)
	}
	add(table.Memory, true)
	if reproducible {
		add(table.Reproducible, false)
	} else {
		add(table.Kernels, true)
	}
	add(table.Always, false)
	return list
}
