package execute

import (
	"slices"
	"testing"
)

// TestWorkerEnvironment: what the host's environment says stands, but for what
// reproducible results depend on.
func TestWorkerEnvironment(t *testing.T) {
	for _, name := range []string{"OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "GLIBC_TUNABLES", "MKL_CBWR", "OMP_DYNAMIC", "MKL_DYNAMIC"} {
		t.Setenv(name, "")
	}
	has := func(reproducible bool, want bool, variables ...string) {
		t.Helper()
		list := WorkerEnvironment(reproducible)
		for _, variable := range variables {
			if slices.Contains(list, variable) != want {
				t.Errorf("%s is there: %v, in %q", variable, !want, list)
			}
		}
	}
	const sleep, pages, usual, pinned = "GOMP_SPINCOUNT=1000", "GLIBC_TUNABLES=glibc.malloc.hugetlb=1", "MKL_CBWR=AUTO,STRICT", "MKL_CBWR=COMPATIBLE"
	has(false, true, sleep, pages, usual, "PYTHONNOUSERSITE=1")
	has(false, false, pinned, "ATEN_CPU_CAPABILITY=avx2")
	has(true, true, sleep, pages, pinned, "ATEN_CPU_CAPABILITY=avx2", "OMP_NUM_THREADS=2")
	has(true, false, usual)
	t.Setenv("OMP_WAIT_POLICY", "active")
	t.Setenv("MKL_CBWR", "AVX2")
	t.Setenv("PYTHONNOUSERSITE", "0")
	has(false, false, sleep, usual)
	has(false, true, pages, "OMP_DYNAMIC=FALSE", "PYTHONNOUSERSITE=1")
	has(true, true, pinned)
}
