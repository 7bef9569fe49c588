package execute_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/execute"
	"kizu/orchestrator/execute/progress"
	"kizu/orchestrator/execute/runlog"
	"kizu/orchestrator/experiment"
	"kizu/orchestrator/model"
	"kizu/orchestrator/plan"
	"kizu/orchestrator/stage"
	"kizu/orchestrator/store"
)

const text = `
name: small
dataset: {format: folders, root: photos, noun: board, defects: [scratch]}
base: some/model
lora: {batch_size: 4}
patterns:
  matrix:
    - {defect_images: 2, regularization_images: [0, 3], steps: [10, 20]}
conditions:
  test: {good: 2, defects: 2}
  lora: {good_images: 2, defect_images: 2}
  training_sets:
    real: {good: {real: 2}, defects: {real: 2}}
    both: {good: {real: 2, generated: 3}, defects: {real: 2, generated: 3}}
classifier: {weights: none}
`

// smallPlan plans the experiment above on files that only have different
// contents: a worker that only plays one never opens them.
func smallPlan(t testing.TB, st *store.Store, photos string) *plan.Plan {
	t.Helper()
	return planOf(t, st, photos, text)
}

// planOf plans an experiment on the photos of the one above.
func planOf(t testing.TB, st *store.Store, photos, text string) *plan.Plan {
	t.Helper()
	exp, err := experiment.Parse("small.yaml", t.TempDir(), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	set, err := dataset.Scan("folders", photos, exp.Dataset.Classes())
	if err != nil {
		t.Fatal(err)
	}
	division, err := dataset.Divide(set, exp.Dataset.Classes(), dataset.Tests{Counts: map[string]int{"good": 2, "scratch": 2}}, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.Build(exp, plan.Inputs{
		Set: set, Division: division, Base: &model.Base{Name: exp.Base},
		Weights:  map[string]*model.Weights{"none": {Name: "none"}},
		Versions: map[string]int{"train_lora": 1, "generate": 1, "autoencode": 1, "classify": 1, "detect": 1, "measure": 1, "choose": 1, "judge": 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Compare(st); err != nil {
		t.Fatal(err)
	}
	return p
}

// recorder is a Display that keeps what it is told.
type recorder struct {
	progress.Silent
	mu         sync.Mutex
	done       []string
	failed     []string
	apart      []progress.Apart
	onProgress func()
}

func (r *recorder) TaskDone(task *plan.Task, _ time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done = append(r.done, task.ID)
}

func (r *recorder) TaskFailed(task *plan.Task, _ error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = append(r.failed, task.ID)
}

func (r *recorder) FellApart(group progress.Apart) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.apart = append(r.apart, group)
}

func (r *recorder) Progress(*plan.Task, int, int, map[string]any) {
	if r.onProgress != nil {
		r.onProgress()
	}
}

// fixture is a store and a way to run the small plan in it.
type fixture struct {
	t      testing.TB
	store  *store.Store
	notes  string
	photos string
	stall  time.Duration

	together int
	team     *runlog.FailureLog
}

func newFixture(t testing.TB) *fixture {
	st, err := store.Open(filepath.Join(t.TempDir(), "runs"))
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{t: t, store: st, notes: filepath.Join(t.TempDir(), "notes"), photos: t.TempDir()}
	for _, class := range []string{"good", "scratch"} {
		for i := range 8 {
			path := filepath.Join(f.photos, class, fmt.Sprintf("%d.png", i))
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(path), 0o644)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return f
}

func (f *fixture) run(ctx context.Context, behaviour string, display progress.Display, devices ...string) (*plan.Plan, *execute.Summary, error) {
	p := smallPlan(f.t, f.store, f.photos)
	summary, err := execute.Run(ctx, p, execute.Config{
		Store: f.store, Devices: devices, RunID: "test", Display: display, Stall: f.stall, Together: f.together, Failures: f.team,
		Worker: execute.Command{
			Path: os.Args[0],
			Env:  []string{actsAs + "=" + behaviour, "KIZU_TEST_NOTES=" + f.notes},
		},
	})
	return p, summary, err
}

// calls lists what the workers were asked, sorted.
func (f *fixture) calls() []string {
	text, _ := os.ReadFile(f.notes)
	return slices.Sorted(strings.Lines(string(text)))
}

func (f *fixture) nothingHalfDone() {
	f.t.Helper()
	left, err := os.ReadDir(filepath.Join(f.store.Root(), "staging"))
	if err != nil || len(left) > 0 {
		f.t.Errorf("left in staging: %v %v", left, err)
	}
}

func TestRunComputesEachTaskOnceAndReusesIt(t *testing.T) {
	f := newFixture(t)
	first := &recorder{}
	p, summary, err := f.run(t.Context(), "well", first, "cpu", "cuda:0")
	if err != nil || summary.Done != len(p.Tasks) || len(summary.Failures) != 0 {
		t.Fatalf("done %d of %d, failures %v, error %v", summary.Done, len(p.Tasks), summary.Failures, err)
	}
	if got := slices.Compact(f.calls()); len(got) != len(p.Tasks) || len(got) != len(f.calls()) {
		t.Errorf("%d tasks, but the workers were asked:\n%v", len(p.Tasks), f.calls())
	}
	environment := &store.Environment{Processor: "model", Instructions: "AVX2", Threads: 3, Limits: map[string]string{"MKL_CBWR": "AUTO"}}
	for _, task := range p.Tasks {
		m, err := f.store.Manifest(task.Kind, task.Key)
		if err != nil || string(m.Result) == "" || len(m.Files) != 1 || m.Versions["torch"] != "1" ||
			m.PeakMemory != (store.Memory{Host: 7, Device: 5}) || m.DeviceName != "made up" || m.Attempt != 1 || m.Run != "test" || m.Host == "" || m.Effort <= 0 ||
			!reflect.DeepEqual(m.Environment, environment) {
			t.Errorf("%s: manifest %+v, error %v", task.ID, m, err)
		}
	}
	_, summary, err = f.run(t.Context(), "well", &recorder{}, "cpu")
	if err != nil || summary.Done != 0 {
		t.Errorf("second run computed %d tasks, error %v", summary.Done, err)
	}
	f.nothingHalfDone()
}

func TestADeadWorkerIsReplaced(t *testing.T) {
	f := newFixture(t)
	p, summary, err := f.run(t.Context(), "crash once", &recorder{}, "cpu")
	if err != nil || summary.Done != len(p.Tasks) {
		t.Fatalf("done %d of %d, failures %v, error %v", summary.Done, len(p.Tasks), summary.Failures, err)
	}
	if calls := f.calls(); len(calls) != len(p.Tasks)+1 {
		t.Errorf("want one task asked twice, got\n%v", calls)
	}
	f.nothingHalfDone()
}

// needsLoRA says whether a task is a LoRA's training or comes after one.
func needsLoRA(task *plan.Task) bool {
	return task.Kind == stage.KindTrainLoRA || slices.ContainsFunc(task.Needs, needsLoRA)
}

func TestAFailureStopsItsDependantsOnly(t *testing.T) {
	for _, behaviour := range []string{"crash in training", "raise in training"} {
		t.Run(behaviour, func(t *testing.T) {
			f := newFixture(t)
			display := &recorder{}
			p, summary, err := f.run(t.Context(), behaviour, display, "cpu")
			if err != nil {
				t.Fatal(err)
			}
			for _, task := range p.Tasks {
				_, blocked := summary.Blocked[task.ID]
				failed := summary.Failures[task.ID]
				switch {
				case !needsLoRA(task):
					if !f.store.Has(task.Kind, task.Key) {
						t.Errorf("%s needs no LoRA, and yet it is missing", task.Label)
					}
				case task.Kind == stage.KindTrainLoRA && task.Resume == nil:
					if failed == nil || !strings.Contains(failed.Error(), "log: ") {
						t.Errorf("%s: failure %v; want one that names its log", task.Label, failed)
					}
				case !blocked:
					t.Errorf("%s is not blocked", task.Label)
				}
			}
			f.nothingHalfDone()
			_, summary, err = f.run(t.Context(), "well", &recorder{}, "cpu")
			if err != nil || len(summary.Failures) > 0 {
				t.Errorf("the next run did not go on: %v %v", summary.Failures, err)
			}
		})
	}
}

func TestAFullDiskIsSaidPlainly(t *testing.T) {
	f := newFixture(t)
	_, summary, err := f.run(t.Context(), "full disk", &recorder{}, "cpu")
	if err != nil || len(summary.Failures) == 0 {
		t.Fatalf("failures %v, error %v", summary.Failures, err)
	}
	for _, failure := range summary.Failures {
		if !strings.Contains(failure.Error(), "disk is full") {
			t.Errorf("failure %q does not say that the disk is full", failure)
		}
	}
}

func TestCancellingKeepsWhatIsDone(t *testing.T) {
	f := newFixture(t)
	ctx, cancel := context.WithCancel(t.Context())
	p, summary, err := f.run(ctx, "wait for cancel", &recorder{onProgress: cancel}, "cpu")
	if !errors.Is(err, execute.ErrInterrupted) || len(summary.Failures) > 0 {
		t.Fatalf("failures %v, error %v; want an interruption and no failure", summary.Failures, err)
	}
	if calls := f.calls(); len(calls) != 2 || !strings.HasPrefix(calls[0], "cancelled ") {
		t.Errorf("want one task started and cancelled, got %v", calls)
	}
	f.nothingHalfDone()
	if _, summary, err = f.run(t.Context(), "well", &recorder{}, "cpu"); err != nil || summary.Done != len(p.Tasks) {
		t.Errorf("the next run did %d of %d, error %v", summary.Done, len(p.Tasks), err)
	}
}

func TestADeviceThatDoesNotExist(t *testing.T) {
	f := newFixture(t)
	_, summary, err := f.run(t.Context(), "no device", &recorder{}, "cuda:9")
	var start *execute.StartError
	if !errors.As(err, &start) || err.Error() != "device cuda:9 does not exist; there is: cpu" {
		t.Fatalf("error %v", err)
	}
	if len(summary.Failures) > 0 {
		t.Errorf("no task failed, and yet: %v", summary.Failures)
	}
}

func TestAWorkerThatIsNone(t *testing.T) {
	f := newFixture(t)
	p := smallPlan(t, f.store, f.photos)
	_, err := execute.Run(t.Context(), p, execute.Config{
		Store: f.store, Devices: []string{"cpu"}, RunID: "test", Display: progress.Silent{},
		Worker: execute.Command{Path: "/bin/false"},
	})
	if err == nil || !strings.Contains(err.Error(), "log: ") {
		t.Errorf("error %v; want one that names the log", err)
	}
}
