package runlog

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"kizu/orchestrator/filehash"
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
	Share     float64      `json:"share"`     // of the run that is done, by time
	Elsewhere []string     `json:"elsewhere"` // tasks that another run is making
	Left      []string     `json:"left"`      // ids of tasks that have not ended, those at hand included

	SecondsLeft float64 `json:"seconds_left"`
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

// Place is where a run works: a node of the workload manager, or a machine.
func (l *Live) Place() string {
	if l.Job != nil {
		return l.Job.Node
	}
	return l.Host
}

// liveName is the file's name in a run's folder of logs.
const liveName = "live.json"

// Write replaces the file in a run's folder of logs.
func (l *Live) Write(dir string) error {
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	return filehash.Replace(filepath.Join(dir, liveName), append(text, '\n'))
}

// TaskStarted has a task at work on a device, alone or beside what is there.
func (l *Live) TaskStarted(task *plan.Task, device string) {
	l.notElsewhere(task)
	for i := range l.Devices {
		if l.Devices[i].Device == device {
			l.Devices[i].start(task)
		}
	}
}

// Progressed is how far a device has come with its task.
func (l *Live) Progressed(task *plan.Task, done, total int, fields map[string]any) {
	for i := range l.Devices {
		if d := &l.Devices[i]; d.Task == task.ID {
			d.Done, d.Total, d.Fields = done, total, fields
		}
	}
}

// TaskElsewhere says that another run is making a task.
func (l *Live) TaskElsewhere(task *plan.Task) {
	if !slices.Contains(l.Elsewhere, task.ID) {
		l.Elsewhere = append(l.Elsewhere, task.ID)
	}
}

func (l *Live) notElsewhere(task *plan.Task) {
	l.Elsewhere = slices.DeleteFunc(l.Elsewhere, func(id string) bool { return id == task.ID })
}

// TaskEnded takes a task off its device and off the list of what is left.
func (l *Live) TaskEnded(task *plan.Task) {
	l.notElsewhere(task)
	l.Left = slices.DeleteFunc(l.Left, func(id string) bool { return id == task.ID })
	for i := range l.Devices {
		l.Devices[i].end(task)
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

// silence is how long a run on another machine may not write before it is taken for dead.
const silence = 30 * time.Second

// LiveRuns reads what the runs of an experiment that still go say of themselves, workers included.
func LiveRuns(logs, experiment, host string) ([]*Live, error) {
	runs, err := Runs(logs, experiment)
	if err != nil {
		return nil, err
	}
	var all []*Live
	for _, run := range runs {
		live, err := readLive(filepath.Join(logs, run), host)
		if err != nil {
			return nil, err
		}
		if live != nil {
			all = append(all, live)
		}
		workers, err := LiveWorkers(filepath.Join(logs, run), host)
		if err != nil {
			return nil, err
		}
		all = append(all, workers...)
	}
	return all, nil
}

// LiveWorkers reads what the workers of a run that still go say of themselves.
// Each has a folder in that of the run.
func LiveWorkers(logs, host string) ([]*Live, error) {
	entries, err := os.ReadDir(logs)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	var all []*Live
	for _, entry := range entries {
		if !entry.IsDir() {
			continue
		}
		live, err := readLive(filepath.Join(logs, entry.Name()), host)
		if err != nil {
			return nil, err
		}
		if live != nil {
			all = append(all, live)
		}
	}
	return all, nil
}

// readLive reads the live.json of a run that still goes: by its process on this
// host, by how fresh the file is on another. It is nil for any other run.
func readLive(dir, host string) (*Live, error) {
	path := filepath.Join(dir, liveName)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) { // it ended before it began to work
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	live := &Live{}
	if err := json.Unmarshal(text, live); err != nil {
		return nil, err
	}
	if live.Ended {
		return nil, nil
	}
	if live.Host == host {
		_, err = os.Stat(filepath.Join("/proc", strconv.Itoa(live.PID)))
	} else {
		var info fs.FileInfo
		if info, err = os.Stat(path); err == nil && time.Since(info.ModTime()) > silence {
			err = fs.ErrNotExist
		}
	}
	if err != nil {
		return nil, nil
	}
	return live, nil
}
