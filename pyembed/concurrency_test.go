//go:build cgo

package pyembed_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kizu/pyembed"
)

func TestManyGoroutinesCallAtOnce(t *testing.T) {
	p := python(t)
	before := added.Load()
	var group sync.WaitGroup
	for worker := range 50 {
		group.Go(func() {
			for i := range 40 {
				var back int
				if err := p.Call(context.Background(), "stage.echo", worker*1000+i, &back); err != nil || back != worker*1000+i {
					t.Error(back, err)
				}
				if err := p.Call(context.Background(), "stage.call_host", pyembed.Args{"add", 1}, nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if got := added.Load() - before; got != 50*40 {
		t.Errorf("Go was called %d times, want %d", got, 50*40)
	}
}

func TestThreadsOfPythonCallGoAtOnce(t *testing.T) {
	before := added.Load()
	var failures []string
	if err := python(t).Call(context.Background(), "stage.call_host_from_threads", 20, &failures); err != nil {
		t.Fatal(err)
	}
	if got := added.Load() - before; got != 20*50 || len(failures) > 0 {
		t.Errorf("Go was called %d times, want %d; %v", got, 20*50, failures)
	}
}

func TestThreadsOfPythonRunBetweenCalls(t *testing.T) {
	p := python(t)
	count := func() (ticks int) {
		if err := p.Call(context.Background(), "stage.count_ticks", pyembed.Args{}, &ticks); err != nil {
			t.Fatal(err)
		}
		return ticks
	}
	if err := p.Call(context.Background(), "stage.start_ticking", pyembed.Args{}, nil); err != nil {
		t.Fatal(err)
	}
	defer p.Call(context.Background(), "stage.stop_ticking", pyembed.Args{}, nil)
	start := count()
	time.Sleep(100 * time.Millisecond) // with no call in progress: what is tested
	if end := count(); end < start+5 {
		t.Errorf("a thread of Python ticked %d times in 100 ms of idleness", end-start)
	}
}

func TestCloseAmongCalls(t *testing.T) {
	if !alone(t) {
		return
	}
	p := python(t)
	if err := p.Call(context.Background(), "stage.call_host_in_background", pyembed.Args{"cancelled", 1 << 40}, nil); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			for {
				var back int
				err := p.Call(context.Background(), "stage.echo", 1, &back)
				if errors.Is(err, pyembed.ErrClosed) {
					return
				}
				if err != nil || back != 1 {
					t.Error(back, err)
				}
			}
		})
	}
	time.Sleep(50 * time.Millisecond) // of calls, before the end
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	group.Wait()
}

// A thread that came back from Go to a finalised Python would end the process.
func TestCloseWaitsForGoFunctions(t *testing.T) {
	if !alone(t) {
		return
	}
	entered, returned := make(chan bool), atomic.Bool{}
	config := testConfig(newVenv(t))
	config.Functions = map[string]any{"linger": func() {
		entered <- true
		time.Sleep(50 * time.Millisecond) // while Close waits
		returned.Store(true)
	}}
	p, err := pyembed.Start(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Call(context.Background(), "stage.call_host_in_background", pyembed.Args{"linger", 1}, nil); err != nil {
		t.Fatal(err)
	}
	<-entered
	if err := p.Close(); err != nil || !returned.Load() {
		t.Errorf("closed: %v; the Go function has returned: %v", err, returned.Load())
	}
}
