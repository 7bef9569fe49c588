package command

import (
	"fmt"
	"os"
)

// reproducibleThreads is how many threads a worker computes with under
// --reproducible, whatever the machine has: sums over threads are added up in
// another order when there are others.
const reproducibleThreads = 2

// kernels is the part of a worker's environment that decides which code of torch
// and of the libraries below it computes, and so the last bits of results. They
// read it when they are loaded.
//
// Without more, MKL takes another kernel for matrices that do not begin at a
// multiple of 64 bytes: 4 of 37 operations then gave other last bits, among them
// the low-rank products of a LoRA. Its reproducible mode on the best instructions
// gave the same bits for all, those of aligned matrices, and took no longer.
//
// With reproducible, the code is one that every x86-64 processor with AVX2 has,
// whatever the environment says.
func kernels(reproducible bool) []string {
	if reproducible {
		threads := fmt.Sprint(reproducibleThreads)
		return []string{
			"ATEN_CPU_CAPABILITY=avx2", "ONEDNN_MAX_CPU_ISA=AVX2", "DNNL_MAX_CPU_ISA=AVX2", "MKL_CBWR=COMPATIBLE",
			"OMP_NUM_THREADS=" + threads, "MKL_NUM_THREADS=" + threads, "OMP_THREAD_LIMIT=" + threads, "OMP_DYNAMIC=FALSE", "MKL_DYNAMIC=FALSE",
		}
	}
	var env []string
	for name, value := range map[string]string{"MKL_CBWR": "AUTO,STRICT", "OMP_DYNAMIC": "FALSE", "MKL_DYNAMIC": "FALSE"} {
		if os.Getenv(name) == "" {
			env = append(env, name+"="+value)
		}
	}
	return env
}
