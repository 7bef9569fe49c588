package command_test

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kizu/orchestrator/store"
)

// many is an experiment of a classifier a seed, each of which takes a moment.
const many = `
name: many
seeds: [%s]
dataset: {format: folders, root: data, noun: board, defects: [scratch]}
base: tiny-sd
conditions:
  test: {good: 2, defects: 2}
  lora: {good_images: 2, defect_images: 2}
  training_sets: {real: {good: {real: 2}, defects: {real: 2}}}
classifier: {weights: none, resolution: 32, steps: 1, batch_size: 4}
`

// TestSlurmThousandTasks has four workers do a thousand short tasks, and prints
// how many they did a second and the share of their time that they computed
// nothing in; the last hundred are to take no longer than the first.
func TestSlurmThousandTasks(t *testing.T) {
	l := newFaultyLab(t)
	const tasks, workers = 1000, 4
	var seeds []string
	for i := range tasks {
		seeds = append(seeds, fmt.Sprint(i))
	}
	l.write("many.yaml", []byte(fmt.Sprintf(many, strings.Join(seeds, ", "))))
	l.run(0, append([]string{"run", "many.yaml", "--store", "runs"}, onSlurm("--slurm-workers", fmt.Sprint(workers))...)...)
	l.onceEach("runs")
	st, err := store.At(filepath.Join(l.dir, "runs"))
	if err != nil {
		t.Fatal(err)
	}
	var made []*store.Manifest
	if err := st.Each("classify", nil, func(m *store.Manifest) { made = append(made, m) }); err != nil || len(made) != tasks {
		t.Fatalf("%d tasks, %v", len(made), err)
	}
	slices.SortFunc(made, func(a, b *store.Manifest) int { return a.Started.Compare(b.Started) })
	busy, byWorker := 0.0, map[string]int{}
	for _, m := range made {
		busy += m.Finished.Sub(m.Started).Seconds()
		byWorker[m.Job.Name()+" on "+m.Job.Node]++
	}
	span := func(part []*store.Manifest) float64 {
		end := slices.MaxFunc(part, func(a, b *store.Manifest) int { return cmp.Compare(a.Finished.UnixNano(), b.Finished.UnixNano()) })
		return end.Finished.Sub(part[0].Started).Seconds()
	}
	const tenth = tasks / 10
	// The first tasks of the workers wait for Python to start.
	wall, first, last := span(made[workers:]), span(made[workers:workers+tenth]), span(made[tasks-tenth:])
	for _, m := range made[:workers] {
		busy -= m.Finished.Sub(m.Started).Seconds()
	}
	fmt.Fprintf(os.Stderr, "%d tasks by %v in %.1f s: %.1f a second, idle %.0f %%; the first %d in %.1f s, the last in %.1f s\n",
		tasks, byWorker, wall, float64(tasks-workers)/wall, 100*(1-busy/(workers*wall)), tenth, first, last)
	if last > 2*first {
		t.Errorf("the last %d tasks took %.1f s, the first %.1f s", tenth, last, first)
	}
}
