package progress

import (
	"os"
	"sync"
	"time"

	"kizu/orchestrator/execute/runlog"
	"kizu/orchestrator/plan"
	"kizu/orchestrator/store"
)

// refresh is the time between two writings.
const refresh = time.Second

// Recorder is a Display that keeps a run's live.json.
type Recorder struct {
	Silent
	dir  string
	pace *Pace
	stop chan struct{}
	done sync.WaitGroup

	mu    sync.Mutex
	state runlog.Live
}

// NewRecorder writes into the folder of a run's logs, from now on until Close.
func NewRecorder(dir, run, host string, job *store.Job, devices []string, toRun []*plan.Task, pace *Pace) *Recorder {
	now := time.Now().UTC()
	r := &Recorder{dir: dir, pace: pace, stop: make(chan struct{})}
	r.state = runlog.Live{Run: run, Host: host, Job: job, PID: os.Getpid(), Started: now, Devices: []runlog.LiveDevice{}, Elsewhere: []string{}, Left: []string{}}
	for _, device := range devices {
		r.state.Devices = append(r.state.Devices, runlog.LiveDevice{Device: device})
	}
	for _, task := range toRun {
		r.state.Left = append(r.state.Left, task.ID)
	}
	r.write(false)
	r.done.Go(r.keep)
	return r
}

func (r *Recorder) keep() {
	ticker := time.NewTicker(refresh)
	defer ticker.Stop()
	for {
		select {
		case <-r.stop:
			return
		case <-ticker.C:
			r.write(false)
		}
	}
}

// write replaces the file. What goes wrong is no reason to stop a run.
func (r *Recorder) write(ended bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state.Updated, r.state.Ended = time.Now().UTC(), ended
	share, left := r.pace.Estimate()
	r.state.Share, r.state.SecondsLeft = share, left.Seconds()
	_ = r.state.Write(r.dir)
}

// change changes the state under its lock.
func (r *Recorder) change(f func(*runlog.Live)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f(&r.state)
}

// Start and the methods below implement Display.
func (r *Recorder) Start(toRun, reused int) {
	r.change(func(s *runlog.Live) { s.ToRun, s.Reused = toRun, reused })
}

func (r *Recorder) TaskStarted(tasks []*plan.Task, device string) {
	r.change(func(s *runlog.Live) {
		for _, task := range tasks {
			s.TaskStarted(task, device)
		}
	})
}

func (r *Recorder) Progress(task *plan.Task, done, total int, fields map[string]any) {
	r.change(func(s *runlog.Live) { s.Progressed(task, done, total, fields) })
}

func (r *Recorder) TaskDone(task *plan.Task, _ time.Duration) {
	r.change(func(s *runlog.Live) { s.Done++; s.TaskEnded(task) })
}

func (r *Recorder) TaskFailed(task *plan.Task, _ error) {
	r.change(func(s *runlog.Live) { s.Failed++; s.TaskEnded(task) })
}

func (r *Recorder) TaskElsewhere(task *plan.Task) {
	r.change(func(s *runlog.Live) { s.TaskElsewhere(task) })
}

func (r *Recorder) TaskFound(task *plan.Task) {
	r.change(func(s *runlog.Live) { s.Found++; s.TaskEnded(task) })
}

func (r *Recorder) Close() {
	close(r.stop)
	r.done.Wait()
	r.write(true)
}
