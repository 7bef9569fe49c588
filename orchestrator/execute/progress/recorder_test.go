package progress

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"kizu/orchestrator/execute/runlog"
	"kizu/orchestrator/plan"
)

// TestARecorderShowsTasksThatShareADevice: one with its progress, the others
// beside it, whichever ends first.
func TestARecorderShowsTasksThatShareADevice(t *testing.T) {
	dir := t.TempDir()
	tasks := []*plan.Task{{ID: "a", Label: "A"}, {ID: "b", Label: "B"}, {ID: "c", Label: "C"}}
	r := NewRecorder(dir, "run", "host", nil, []string{"cpu"}, tasks, NewPace(tasks, nil, 1))
	r.TaskStarted(tasks, "cpu")
	r.Progress(tasks[0], 3, 10, nil)
	for _, step := range []struct {
		end    *plan.Task
		task   string
		beside int
	}{{nil, "a", 2}, {tasks[1], "a", 1}, {tasks[0], "c", 0}, {tasks[2], "", 0}} {
		if step.end != nil {
			r.TaskDone(step.end, time.Second)
		}
		r.write(false)
		var live runlog.Live
		text, err := os.ReadFile(filepath.Join(dir, "live.json"))
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &live); err != nil {
			t.Fatal(err)
		}
		if d := live.Devices[0]; d.Task != step.task || len(d.Beside) != step.beside {
			t.Errorf("after the end of %v the device shows %+v, want %q and %d beside", step.end, d, step.task, step.beside)
		}
	}
	r.Close()
}
