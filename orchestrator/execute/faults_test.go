package execute_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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

// TestOutOfMemory: half the samples at a time, each time in a fresh worker; a
// classifier, whose batch is part of its result, fails in one.
func TestOutOfMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("make test-slow runs it")
	}
	f := newFixture(t)
	p, summary, err := f.run(t.Context(), "out of memory", &recorder{}, "cuda:0")
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range p.Tasks {
		m, err := f.store.Manifest(task.Kind, task.Key)
		switch spec := task.Spec.(type) {
		case stage.TrainLoRA:
			if spec.BatchSize != 4 || err != nil || m.Pieces != 4 || m.Attempt != 3 {
				t.Errorf("%s: %+v, %v", task.Label, m, err)
			}
		case stage.Generate:
			if err != nil || m.Pieces < 2 || m.Attempt < 2 {
				t.Errorf("%s: %+v, %v", task.Label, m, err)
			}
		case stage.Classify:
			if failure := summary.Failures[task.ID]; failure == nil || !strings.Contains(failure.Error(), "out of memory") ||
				!strings.Contains(failure.Error(), "use a smaller classifier.batch_size") {
				t.Errorf("%s: %v", task.Label, failure)
			}
		}
	}
	var processes []string
	for _, call := range f.calls() {
		if _, process, ok := strings.Cut(call, ", process "); ok {
			processes = append(processes, strings.TrimSpace(process))
		}
	}
	slices.Sort(processes)
	if n := len(processes); n == 0 || len(slices.Compact(slices.Clone(processes))) != n {
		t.Errorf("%d attempts ran out of memory in the processes %v; want a fresh one after each", n, processes)
	}
	f.nothingHalfDone()
}

// TestOutOfMemoryBesideWhatEarlierTasksLeft: tasks whose batches cannot be
// divided are done in a worker of their own.
func TestOutOfMemoryBesideWhatEarlierTasksLeft(t *testing.T) {
	if testing.Short() {
		t.Skip("make test-slow runs it")
	}
	f := newFixture(t)
	p, summary, err := f.run(t.Context(), "out of memory but in fresh workers", &recorder{}, "cuda:0")
	if err != nil || summary.Done != len(p.Tasks) {
		t.Fatalf("done %d of %d, failures %v, error %v", summary.Done, len(p.Tasks), summary.Failures, err)
	}
	again := 0
	for _, task := range p.Tasks {
		m, err := f.store.Manifest(task.Kind, task.Key)
		if task.Kind != stage.KindClassify {
			continue
		}
		if err != nil || m.Pieces != 0 || m.Attempt > 2 {
			t.Errorf("%s: %+v, %v", task.Label, m, err)
		}
		again += m.Attempt - 1
	}
	if again == 0 {
		t.Error("no classifier ran out of memory")
	}
}

func TestADeviceFaultIsTriedAgainInAFreshWorker(t *testing.T) {
	f := newFixture(t)
	p, summary, err := f.run(t.Context(), "device fault once", &recorder{}, "cuda:0")
	if err != nil || summary.Done != len(p.Tasks) {
		t.Fatalf("done %d of %d, failures %v, error %v", summary.Done, len(p.Tasks), summary.Failures, err)
	}
	if calls := f.calls(); len(calls) != len(p.Tasks)+1 {
		t.Errorf("want one task asked twice, got\n%v", calls)
	}
}

// TestAWorkerKilledWhileItStarts is replaced; one that ends by itself is not.
func TestAWorkerKilledWhileItStarts(t *testing.T) {
	f := newFixture(t)
	p, summary, err := f.run(t.Context(), "killed at start once", &recorder{}, "cpu")
	if err != nil || summary.Done != len(p.Tasks) {
		t.Fatalf("done %d of %d, failures %v, error %v", summary.Done, len(p.Tasks), summary.Failures, err)
	}
}

func TestDeterministicFailuresAreNotTriedAgain(t *testing.T) {
	f := newFixture(t)
	_, summary, err := f.run(t.Context(), "raise in training", &recorder{}, "cpu")
	if err != nil {
		t.Fatal(err)
	}
	if calls := f.calls(); len(calls) != len(slices.Compact(slices.Clone(calls))) {
		t.Errorf("asked twice:\n%v", calls)
	}
	for _, failure := range summary.Failures {
		if tail := runlog.LogTail(failure); !runlog.Surprising(failure) || !strings.HasPrefix(tail, "Traceback") {
			t.Errorf("%v: surprising %v, log %q", failure, runlog.Surprising(failure), tail)
		}
	}
}

// TestStall: a silent worker is killed and its task tried again; one that says
// something in time may take as long as it needs.
func TestStall(t *testing.T) {
	f := newFixture(t)
	f.stall = 250 * time.Millisecond
	p, summary, err := f.run(t.Context(), "hang once", &recorder{}, "cpu")
	if err != nil || summary.Done != len(p.Tasks) {
		t.Errorf("done %d of %d, failures %v, error %v", summary.Done, len(p.Tasks), summary.Failures, err)
	}
	f = newFixture(t)
	f.stall = 250 * time.Millisecond
	if p, summary, err := f.run(t.Context(), "slow", &recorder{}, "cpu", "cuda:0", "cuda:1"); err != nil || summary.Done != len(p.Tasks) {
		t.Errorf("slow: done %d of %d, failures %v, error %v", summary.Done, len(p.Tasks), summary.Failures, err)
	}
	f = newFixture(t)
	f.stall = 50 * time.Millisecond
	_, summary, err = f.run(t.Context(), "hang", &recorder{}, "cpu")
	if err != nil || len(summary.Failures) == 0 {
		t.Fatalf("failures %v, error %v", summary.Failures, err)
	}
	for _, failure := range summary.Failures {
		if stall := new(execute.StallError); !errors.As(failure, &stall) || !strings.Contains(failure.Error(), "no progress for 50ms") {
			t.Errorf("failure %v", failure)
		}
	}
}

// TestADamagedInputIsNotUsed: it is set aside before anything is computed from
// it, and the next plan makes it again.
func TestADamagedInputIsNotUsed(t *testing.T) {
	f := newFixture(t)
	p, _, err := f.run(t.Context(), "well", &recorder{}, "cpu")
	if err != nil {
		t.Fatal(err)
	}
	var images *plan.Task
	for _, task := range p.Tasks {
		if task.Kind == stage.KindGenerate {
			images = task
		}
	}
	lora := images.Needs[0]
	if err := os.RemoveAll(f.store.Dir(images.Kind, images.Key)); err != nil {
		t.Fatal(err)
	}
	made := filepath.Join(f.store.Dir(lora.Kind, lora.Key), "made.txt")
	if err := os.WriteFile(made, []byte(strings.ToUpper(lora.ID)), 0o644); err != nil {
		t.Fatal(err)
	}
	calls := len(f.calls())
	_, summary, err := f.run(t.Context(), "well", &recorder{}, "cpu")
	damage := new(store.DamagedError)
	if err != nil || !errors.As(summary.Failures[images.ID], &damage) || damage.Key != lora.Key || len(f.calls()) != calls {
		t.Errorf("failures %v, error %v, %d calls instead of %d", summary.Failures, err, len(f.calls()), calls)
	}
	_, summary, err = f.run(t.Context(), "well", &recorder{}, "cpu")
	if err != nil || summary.Done != 2 || len(summary.Failures) > 0 {
		t.Errorf("the next run did %d tasks, failures %v, error %v", summary.Done, summary.Failures, err)
	}
}

// TestAPhotoThatChanges while it is trained on: nothing is committed under the
// key of what it was.
func TestAPhotoThatChanges(t *testing.T) {
	f := newFixture(t)
	p := smallPlan(t, f.store, f.photos)
	var training *plan.Task
	for _, task := range p.Tasks {
		if task.Kind == stage.KindTrainLoRA && training == nil {
			training = task
		}
	}
	photo := p.Images(training)[0]
	t.Setenv("KIZU_TEST_PHOTO", photo.Path)
	_, summary, err := f.run(t.Context(), "change photo", &recorder{}, "cpu")
	if err != nil || len(summary.Failures) == 0 {
		t.Fatalf("failures %v, error %v", summary.Failures, err)
	}
	for id, failure := range summary.Failures {
		if !strings.Contains(failure.Error(), "image "+photo.Name+" was changed while the run was going") {
			t.Errorf("%s: %v", id, failure)
		}
	}
	for _, task := range p.Tasks {
		if f.store.Has(task.Kind, task.Key) && slices.Contains(p.Images(task), photo) {
			t.Errorf("%s was committed", task.Label)
		}
	}
	f.nothingHalfDone()
}

// TestTwoRunsOnOneStore, as on two hosts: each task is computed once, by flock
// and by lease, and both runs end with everything done.
func TestTwoRunsOnOneStore(t *testing.T) {
	for _, locks := range []string{store.LockFlock, store.LockLease} {
		t.Run(locks, func(t *testing.T) {
			f := newFixture(t)
			var group sync.WaitGroup
			computed := make([]int, 2)
			for i := range computed {
				group.Go(func() {
					host := *f
					host.store, _ = store.Open(f.store.Root())
					host.store.UseLocks(locks)
					p, summary, err := host.run(t.Context(), "slow", &recorder{}, "cpu", "cuda:0")
					if err != nil || len(summary.Failures) > 0 || summary.Done+summary.Found > len(p.Tasks) {
						t.Errorf("done %d, found %d of %d, failures %v, error %v", summary.Done, summary.Found, len(p.Tasks), summary.Failures, err)
					}
					computed[i] = summary.Done
				})
			}
			group.Wait()
			p := smallPlan(t, f.store, f.photos)
			calls := f.calls()
			if len(calls) != len(p.Tasks) || computed[0]+computed[1] != len(p.Tasks) || len(p.ToRun()) > 0 {
				t.Errorf("%d tasks, computed %v, asked for\n%v", len(p.Tasks), computed, calls)
			}
			f.nothingHalfDone()
		})
	}
}

// TestInterruptedWhileAnotherRunHasEverything: waiting for others can be ended.
func TestInterruptedWhileAnotherRunHasEverything(t *testing.T) {
	f := newFixture(t)
	for _, task := range smallPlan(t, f.store, f.photos).Tasks {
		claim, err := f.store.Claim(task.Kind, task.Key)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = claim.Release() }) // until then nobody else gets it
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, _, err := f.run(ctx, "well", &recorder{}, "cpu")
	if !errors.Is(err, execute.ErrInterrupted) || len(f.calls()) > 0 {
		t.Errorf("error %v, calls %v", err, f.calls())
	}
}

// TestLive: a run says what it is at while it goes, and that it has ended.
func TestLive(t *testing.T) {
	f := newFixture(t)
	logs := filepath.Join(f.store.Root(), "logs")
	run := runlog.RunID("small", time.Now())
	if err := os.MkdirAll(filepath.Join(logs, run), 0o755); err != nil {
		t.Fatal(err)
	}
	p := smallPlan(t, f.store, f.photos)
	live := progress.NewRecorder(filepath.Join(logs, run), run, f.store.Host(), &store.Job{ID: "7", Index: "2", Node: "n1"}, []string{"cpu"}, p.Tasks, progress.NewPace(p.Tasks, nil, 1))
	seen, err := runlog.LiveRuns(logs, "small", f.store.Host())
	if err != nil || len(seen) != 1 || seen[0].PID != os.Getpid() || len(seen[0].Left) != len(p.Tasks) || seen[0].Place() != "n1" || seen[0].Job.Name() != "7_2" {
		t.Fatalf("%+v, %v", seen, err)
	}
	if _, summary, err := f.run(t.Context(), "well", progress.Displays{&recorder{}, live}, "cpu"); err != nil || summary.Done != len(p.Tasks) {
		t.Fatal(err)
	}
	if seen, err = runlog.LiveRuns(logs, "small", f.store.Host()); err != nil || len(seen) > 0 {
		t.Errorf("goes on after its end: %+v, %v", seen, err)
	}
	var last runlog.Live
	text, err := os.ReadFile(filepath.Join(logs, run, "live.json"))
	if err := errors.Join(err, json.Unmarshal(text, &last)); err != nil || !last.Ended || last.Done != len(p.Tasks) || len(last.Left) > 0 || last.Devices[0].Task != "" {
		t.Errorf("%+v, %v", last, err)
	}
}

// TestKeepRuns: the latest logs stay, and those of other experiments.
func TestKeepRuns(t *testing.T) {
	logs := t.TempDir()
	for i := range 5 {
		for _, name := range []string{"a", "a-b"} {
			run := runlog.RunID(name, time.Unix(int64(i), 0))
			if err := os.Mkdir(filepath.Join(logs, run), 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := runlog.KeepRuns(logs, "a", 2); err != nil {
		t.Fatal(err)
	}
	ours, err := runlog.Runs(logs, "a")
	others, err2 := runlog.Runs(logs, "a-b")
	if err != nil || err2 != nil || len(ours) != 2 || len(others) != 5 || !strings.Contains(ours[1], fmt.Sprintf("19700101T000004.000Z-%d", os.Getpid())) {
		t.Errorf("%v, %v, %v, %v", ours, others, err, err2)
	}
}
