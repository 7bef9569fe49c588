package execute_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kizu/orchestrator/execute"
	"kizu/orchestrator/execute/progress"
	"kizu/orchestrator/execute/runlog"
	"kizu/orchestrator/plan"
	"kizu/orchestrator/stage"
	"kizu/orchestrator/store"
)

// worker runs the small plan as one of several workers of the run "team".
func (f *fixture) worker(ctx context.Context, name, behaviour string, change func(*execute.Config)) (*plan.Plan, *execute.Summary, error) {
	st, err := store.Open(f.store.Root())
	if err != nil {
		f.t.Fatal(err)
	}
	st.UseLocks(store.LockLease)
	p := smallPlan(f.t, st, f.photos)
	run := filepath.Join("team", name)
	job := &store.Job{ID: "7", Index: name, Node: "n" + name}
	if err := os.MkdirAll(st.Logs(run), 0o755); err != nil {
		f.t.Fatal(err)
	}
	cfg := execute.Config{
		Store: st, Devices: []string{"cpu"}, RunID: run, Job: job, Failures: runlog.FailureLogOf(st.Logs("team")),
		Display: progress.NewRecorder(st.Logs(run), run, st.Host(), job, []string{"cpu"}, p.ToRun(), progress.NewPace(p.ToRun(), nil, 1)),
		Worker:  execute.Command{Path: os.Args[0], Env: []string{actsAs + "=" + behaviour, "KIZU_TEST_NOTES=" + f.notes}},
	}
	if change != nil {
		change(&cfg)
	}
	summary, err := execute.Run(ctx, p, cfg)
	return p, summary, err
}

// workers runs several at once while somebody follows them, and returns what
// that one saw.
func (f *fixture) workers(n int, behaviour string, display progress.Display) (*plan.Plan, *execute.Summary) {
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			if _, _, err := f.worker(f.t.Context(), fmt.Sprint(i), behaviour, nil); err != nil {
				f.t.Error(err)
			}
		})
	}
	ended := make(chan struct{})
	go func() { group.Wait(); close(ended) }()
	p := smallPlan(f.t, f.store, f.photos)
	summary, err := execute.Follow(f.t.Context(), p, execute.Following{
		Store: f.store, RunID: "team", Display: display, Every: 10 * time.Millisecond,
		Working: func(context.Context) (bool, error) {
			select {
			case <-ended:
				return false, nil
			default:
				return true, nil
			}
		},
	})
	if err != nil {
		f.t.Error(err)
	}
	<-ended
	return p, summary
}

// TestWorkers: each task is computed once, each manifest names the job, and who
// follows the workers sees every task end.
func TestWorkers(t *testing.T) {
	f := newFixture(t)
	seen := &recorder{}
	p, summary := f.workers(4, "slow", seen)
	if calls := f.calls(); len(calls) != len(p.Tasks) || len(slices.Compact(calls)) != len(p.Tasks) {
		t.Errorf("%d tasks, and asked for\n%v", len(p.Tasks), calls)
	}
	if summary.Done != len(p.Tasks) || len(seen.done) != len(p.Tasks) || summary.Left != 0 {
		t.Errorf("of %d tasks %d were seen done, summary %+v", len(p.Tasks), len(seen.done), summary)
	}
	for _, task := range p.Tasks {
		m, err := f.store.Manifest(task.Kind, task.Key)
		if err != nil || m.Job == nil || m.Job.ID != "7" || m.Job.Node != "n"+m.Job.Index || m.Run != filepath.Join("team", m.Job.Index) {
			t.Errorf("%s: %+v, %v", task.Label, m, err)
		}
	}
	f.nothingHalfDone()
}

// TestAWorkersFailureIsTheTeams: a task that fails in one worker is not tried by
// the others; who follows them sees why, and what it blocks.
func TestAWorkersFailureIsTheTeams(t *testing.T) {
	f := newFixture(t)
	seen := &recorder{}
	p, summary := f.workers(3, "raise in training", seen)
	if calls := f.calls(); len(calls) != len(slices.Compact(slices.Clone(calls))) {
		t.Errorf("asked twice:\n%v", calls)
	}
	if len(summary.Failures) == 0 || len(summary.Blocked) == 0 || summary.Done+len(summary.Failures)+len(summary.Blocked) != len(p.Tasks) {
		t.Errorf("of %d tasks %d done, failures %v, blocked %v", len(p.Tasks), summary.Done, summary.Failures, summary.Blocked)
	}
	for _, failure := range summary.Failures {
		reported := new(runlog.ReportedError)
		if !errors.As(failure, &reported) || !strings.Contains(failure.Error(), "ValueError: no such thing") || !strings.Contains(failure.Error(), "(in job 7_") ||
			!runlog.Surprising(failure) || !strings.HasPrefix(runlog.LogTail(failure), "Traceback") {
			t.Errorf("%v: %+v", failure, reported)
		}
	}
	if failures := runlog.FailureLogOf(f.store.Logs("team")).Failures(p.Tasks); len(failures) != len(summary.Failures) {
		t.Errorf("written down: %v", failures)
	}
}

// TestDamageIsReported as what it is, so that the run makes the input again.
func TestDamageIsReported(t *testing.T) {
	f := newFixture(t)
	_, _, err := f.worker(t.Context(), "0", "well", nil)
	p := smallPlan(t, f.store, f.photos)
	training := p.Tasks[slices.IndexFunc(p.Tasks, func(task *plan.Task) bool { return task.Kind == stage.KindTrainLoRA && len(task.Needs) == 0 })]
	for _, task := range p.Tasks {
		if slices.Contains(task.Needs, training) {
			err = errors.Join(err, os.RemoveAll(f.store.Dir(task.Kind, task.Key)))
		}
	}
	if err := errors.Join(err, os.WriteFile(filepath.Join(f.store.Dir(training.Kind, training.Key), "made.txt"), []byte("x"), 0o644)); err != nil {
		t.Fatal(err)
	}
	_, summary := f.workers(1, "well", progress.Silent{})
	damaged := 0
	for _, failure := range summary.Failures {
		var damage *store.DamagedError
		if errors.As(failure, &damage) && damage.Key == training.Key && len(damage.Problems) > 0 {
			damaged++
		}
	}
	if damaged == 0 {
		t.Errorf("failures %v", summary.Failures)
	}
}

// TestFollowingWorkersThatAllDie ends, and counts what is left.
func TestFollowingWorkersThatAllDie(t *testing.T) {
	f := newFixture(t)
	p, summary := f.workers(0, "well", progress.Silent{})
	if summary.Left != len(p.Tasks) || len(summary.Reasons()) > 0 {
		t.Errorf("%+v of %d tasks", summary, len(p.Tasks))
	}
}

// TestAWindow: a worker whose time does not suffice for a task leaves it to
// others and ends; the first task and trainings it takes in any case.
func TestAWindow(t *testing.T) {
	f := newFixture(t)
	_, summary, err := f.worker(t.Context(), "0", "well", func(cfg *execute.Config) {
		cfg.Budget = &execute.TimeBudget{
			End: time.Now().Add(time.Minute), Estimate: func(*plan.Task) (time.Duration, bool) { return time.Hour, true },
		}
	})
	if err != nil || summary.Left == 0 || summary.Done == 0 || len(summary.Failures) > 0 {
		t.Fatalf("%+v, %v", summary, err)
	}
	others := 0
	for _, call := range f.calls() {
		if !strings.HasPrefix(call, "train_lora") {
			others++
		}
	}
	if others > 1 {
		t.Errorf("tasks that do not fit were computed:\n%v", f.calls())
	}
	p, summary, err := f.worker(t.Context(), "1", "well", nil)
	if err != nil || len(smallPlan(t, f.store, f.photos).ToRun()) > 0 {
		t.Errorf("the next worker left some of %d tasks: %+v, %v", len(p.Tasks), summary, err)
	}
}

// TestAnIdleWorker ends when others have had all there is for some time.
func TestAnIdleWorker(t *testing.T) {
	f := newFixture(t)
	f.store.UseLocks(store.LockLease)
	for _, task := range smallPlan(t, f.store, f.photos).Tasks {
		if _, err := f.store.Claim(task.Kind, task.Key); err != nil {
			t.Fatal(err)
		}
	}
	began := time.Now()
	_, summary, err := f.worker(t.Context(), "0", "well", func(cfg *execute.Config) { cfg.Idle = 300 * time.Millisecond })
	if took := time.Since(began); err != nil || summary.Done+summary.Found > 0 || took < 300*time.Millisecond || took > 10*time.Second {
		t.Errorf("%+v after %v, %v", summary, took, err)
	}
}

// TestMark: artifacts and later checkpoints are further; anything else is not.
func TestMark(t *testing.T) {
	f := newFixture(t)
	p := smallPlan(t, f.store, f.photos)
	task := p.Tasks[0]
	checkpoint := func(steps string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Join(f.store.Checkpoints(task.Key), steps), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	checkpoint("00000010")
	before := execute.ProgressMarkOf(f.store, p.Tasks)
	if before[task.Key] != 10 || len(before) != len(p.Tasks) || maps.Clone(before).Beyond(before) {
		t.Errorf("%v", before)
	}
	checkpoint("00000020")
	if now := execute.ProgressMarkOf(f.store, p.Tasks); !now.Beyond(before) || before.Beyond(now) {
		t.Errorf("%v after %v", now, before)
	}
	if _, _, err := f.worker(t.Context(), "0", "well", nil); err != nil {
		t.Fatal(err)
	}
	if now := execute.ProgressMarkOf(f.store, p.Tasks); now[task.Key] != math.MaxInt || !now.Beyond(before) {
		t.Errorf("%v when all is done", now)
	}
}
