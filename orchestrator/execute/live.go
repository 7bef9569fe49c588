package execute

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"kizu/orchestrator/plan"
	"kizu/orchestrator/store"
)

// Live is what a run says of itself while it goes, in live.json beside its
// logs, for `kizu status` in another terminal.
type Live struct {
	Run       string       `json:"run"`
	Host      string       `json:"host"`
	Job       *store.Job   `json:"job,omitempty"` // of a worker
	PID       int          `json:"pid"`
	Started   time.Time    `json:"started"`
	Updated   time.Time    `json:"updated"`
	Ended     bool         `json:"ended"`
	ToRun     int          `json:"to_run"`
	Reused    int          `json:"reused"`
	Done      int          `json:"done"`
	Found     int          `json:"found"` // made by another run meanwhile
	Failed    int          `json:"failed"`
	Devices   []LiveDevice `json:"devices"`
	Elsewhere []string     `json:"elsewhere"` // tasks that another run is making
	Left      []string     `json:"left"`      // ids of tasks that have not ended, those at hand included
}

// LiveDevice is a device and what it is at; Task is "" while it is idle.
type LiveDevice struct {
	Device string         `json:"device"`
	Task   string         `json:"task"`
	Label  string         `json:"label"`
	Since  time.Time      `json:"since"`
	Done   int            `json:"done"` // steps, of Total
	Total  int            `json:"total"`
	Fields map[string]any `json:"fields,omitempty"`
	Beside []LiveTask     `json:"beside,omitempty"` // what is computed together with it
}

// LiveTask is a task that a device is at beside another.
type LiveTask struct {
	Task  string `json:"task"`
	Label string `json:"label"`
}

// Place is where a run works: a node of the workload manager, or a host.
func (l *Live) Place() string {
	if l.Job != nil {
		return l.Job.Node
	}
	return l.Host
}

// liveName is the file's name in a run's folder of logs.
const liveName = "live.json"

// refresh is the time between two writings.
const refresh = time.Second

// Recorder is a Display that keeps a run's live.json.
type Recorder struct {
	path string
	stop chan struct{}
	done sync.WaitGroup

	mu    sync.Mutex
	state Live
}

// NewRecorder writes into the folder of a run's logs, from now on until Close.
func NewRecorder(dir, run, host string, job *store.Job, devices []string, toRun []*plan.Task) *Recorder {
	now := time.Now().UTC()
	r := &Recorder{path: filepath.Join(dir, liveName), stop: make(chan struct{})}
	r.state = Live{Run: run, Host: host, Job: job, PID: os.Getpid(), Started: now, Devices: []LiveDevice{}, Elsewhere: []string{}, Left: []string{}}
	for _, device := range devices {
		r.state.Devices = append(r.state.Devices, LiveDevice{Device: device})
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
	r.state.Updated, r.state.Ended = time.Now().UTC(), ended
	text, err := json.Marshal(r.state)
	r.mu.Unlock()
	if err != nil {
		return
	}
	if os.WriteFile(r.path+".new", append(text, '\n'), 0o666) == nil {
		_ = os.Rename(r.path+".new", r.path)
	}
}

// change changes the state under its lock.
func (r *Recorder) change(f func(*Live)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f(&r.state)
}

// Start implements Display.
func (r *Recorder) Start(toRun, reused int) {
	r.change(func(s *Live) { s.ToRun, s.Reused = toRun, reused })
}

// TaskStarted implements Display.
func (r *Recorder) TaskStarted(task *plan.Task, device string) {
	r.change(func(s *Live) {
		s.notElsewhere(task)
		for i := range s.Devices {
			if s.Devices[i].Device == device {
				s.Devices[i].start(task)
			}
		}
	})
}

// Progress implements Display.
func (r *Recorder) Progress(task *plan.Task, done, total int, fields map[string]any) {
	r.change(func(s *Live) {
		for i := range s.Devices {
			if d := &s.Devices[i]; d.Task == task.ID {
				d.Done, d.Total, d.Fields = done, total, fields
			}
		}
	})
}

// TaskDone implements Display.
func (r *Recorder) TaskDone(task *plan.Task, _ time.Duration) {
	r.change(func(s *Live) { s.Done++; s.end(task) })
}

// TaskFailed implements Display.
func (r *Recorder) TaskFailed(task *plan.Task, _ error) {
	r.change(func(s *Live) { s.Failed++; s.end(task) })
}

// TaskElsewhere implements Display.
func (r *Recorder) TaskElsewhere(task *plan.Task) {
	r.change(func(s *Live) {
		if !slices.Contains(s.Elsewhere, task.ID) {
			s.Elsewhere = append(s.Elsewhere, task.ID)
		}
	})
}

// TaskFound implements Display.
func (r *Recorder) TaskFound(task *plan.Task) {
	r.change(func(s *Live) { s.Found++; s.end(task) })
}

// FellApart implements Display.
func (r *Recorder) FellApart(Apart) {}

// Log implements Display.
func (r *Recorder) Log(string) {}

// Close implements Display.
func (r *Recorder) Close() {
	close(r.stop)
	r.done.Wait()
	r.write(true)
}

func (s *Live) notElsewhere(task *plan.Task) {
	s.Elsewhere = slices.DeleteFunc(s.Elsewhere, func(id string) bool { return id == task.ID })
}

// end takes a task off its device and off the list of what is left.
func (s *Live) end(task *plan.Task) {
	s.notElsewhere(task)
	s.Left = slices.DeleteFunc(s.Left, func(id string) bool { return id == task.ID })
	for i := range s.Devices {
		s.Devices[i].end(task)
	}
}

// start puts a task on a device, alone or beside what is there.
func (d *LiveDevice) start(task *plan.Task) {
	if d.Task != "" {
		d.Beside = append(d.Beside, LiveTask{task.ID, task.Label})
		return
	}
	*d = LiveDevice{Device: d.Device, Task: task.ID, Label: task.Label, Since: time.Now().UTC()}
}

// end takes a task off a device.
func (d *LiveDevice) end(task *plan.Task) {
	if d.Task != task.ID {
		d.Beside = slices.DeleteFunc(d.Beside, func(t LiveTask) bool { return t.Task == task.ID })
		return
	}
	rest, since := d.Beside, d.Since
	*d = LiveDevice{Device: d.Device}
	if len(rest) > 0 {
		d.Task, d.Label, d.Since, d.Beside = rest[0].Task, rest[0].Label, since, rest[1:]
	}
}
