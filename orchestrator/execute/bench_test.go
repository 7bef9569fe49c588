package execute_test

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"kizu/orchestrator/execute"
	"kizu/orchestrator/execute/progress"
	"kizu/orchestrator/plan"
	"kizu/orchestrator/store"
)

// shortTask is how long a task of the benchmark takes.
const shortTask = 50 * time.Millisecond

// BenchmarkWorkers has four workers, which share a store by leases, do about a
// thousand short tasks, most of which need others. idle% is the share of the
// workers' time in which they computed nothing; first/s and last/s are the rates
// of the first and the last tenth of the tasks.
func BenchmarkWorkers(b *testing.B) {
	const workers, seeds = 4, 67
	var list []string
	for seed := range seeds {
		list = append(list, fmt.Sprint(seed))
	}
	many := text + fmt.Sprintf("seeds: [%s]\n", strings.Join(list, ", "))
	for b.Loop() {
		f := newFixture(b)
		var stores [workers]*store.Store
		var plans [workers]*plan.Plan
		for i := range workers {
			st, err := store.Open(f.store.Root())
			if err != nil {
				b.Fatal(err)
			}
			st.UseLocks(store.LockLease)
			stores[i], plans[i] = st, planOf(b, st, f.photos, many)
		}
		began := time.Now()
		var group sync.WaitGroup
		for i, st := range stores {
			group.Go(func() {
				summary, err := execute.Run(b.Context(), plans[i], execute.Config{
					Store: st, Devices: []string{"cpu"}, RunID: fmt.Sprint("worker", i), Display: progress.Silent{},
					Worker: execute.Command{Path: os.Args[0], Env: []string{actsAs + "=short", "KIZU_TEST_NOTES=" + f.notes}},
				})
				if err != nil || len(summary.Failures) > 0 {
					b.Error(summary, err)
				}
			})
		}
		group.Wait()
		wall := time.Since(began)
		entries, err := f.store.Journal()
		if calls := len(f.calls()); err != nil || calls != len(entries) {
			b.Fatalf("%d tasks were computed %d times, %v", len(entries), calls, err)
		}
		n := len(entries)
		rate := func(from, to int) float64 {
			return float64(to-from) / entries[to-1].Time.Sub(entries[from].Time).Seconds()
		}
		b.ReportMetric(float64(n), "tasks")
		b.ReportMetric(float64(n)/wall.Seconds(), "tasks/s")
		b.ReportMetric(100*(1-float64(n)*shortTask.Seconds()/(workers*wall.Seconds())), "idle%")
		b.ReportMetric(rate(0, n/10), "first/s")
		b.ReportMetric(rate(n-n/10, n), "last/s")
	}
}
