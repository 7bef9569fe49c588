package execute_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"kizu/orchestrator/execute/protocol"
)

// actsAs makes this test binary a worker process that speaks the protocol and
// behaves as the variable says: the host's side is tested against processes
// that crash, hang and fail at will. Real stages are tested with the real
// worker, in package command.
const actsAs = "KIZU_TEST_WORKER"

func TestMain(m *testing.M) {
	if behaviour := os.Getenv(actsAs); behaviour != "" {
		actAsWorker(behaviour)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

type request struct {
	protocol.Request
	spec   spec
	served int // requests before it
}

type spec struct {
	Out, Resume string
	Checkpoint  string
	Pieces      int `json:"gradient_accumulation"`
	BatchSize   int `json:"batch_size"`
}

func actAsWorker(behaviour string) {
	events := json.NewEncoder(os.NewFile(protocol.EventsFD, "events"))
	if behaviour == "no device" {
		_ = events.Encode(protocol.Event{Type: protocol.Failed, Failure: &protocol.Failure{
			Type: "errors.StageError", Message: "device cuda:9 does not exist; there is: cpu",
		}})
		os.Exit(1)
	}
	if behaviour == "killed at start once" && once() {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		time.Sleep(time.Minute)
	}
	_ = events.Encode(protocol.Event{
		Type: protocol.Ready, Versions: map[string]string{"torch": "1"}, Devices: []protocol.Device{{Name: "cpu", Label: "made up"}},
		Processor: &protocol.Processor{Model: "model", Instructions: "AVX2", Threads: 3, Limits: map[string]string{"MKL_CBWR": "AUTO"}},
	})
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for served := 0; lines.Scan(); served++ {
		r := request{served: served}
		if json.Unmarshal(lines.Bytes(), &r.Request) != nil {
			os.Exit(2)
		}
		if len(r.Members) > 0 {
			answerTogether(behaviour, r, lines, events)
			continue
		}
		if json.Unmarshal(r.Spec, &r.spec) != nil {
			os.Exit(2)
		}
		note(fmt.Sprintf("%s %s", r.Call, r.Task))
		answer(behaviour, r, lines, events)
	}
}

// note appends a line to a file that the test reads.
func note(line string) {
	file, err := os.OpenFile(os.Getenv("KIZU_TEST_NOTES"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err == nil {
		fmt.Fprintln(file, line)
		file.Close()
	}
}

// once is true the first time in a test.
func once() bool {
	return os.Mkdir(os.Getenv("KIZU_TEST_NOTES")+".once", 0o755) == nil
}

func answer(behaviour string, r request, lines *bufio.Scanner, events *json.Encoder) {
	training := strings.HasPrefix(r.Task, "train_lora")
	switch {
	case behaviour == "crash once" && once(), behaviour == "crash in training" && training:
		_ = os.WriteFile(filepath.Join(r.spec.Out, "half.bin"), []byte("half"), 0o644)
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		time.Sleep(time.Minute)
	case behaviour == "checkpoint, then die" && training && !exists(r.spec.Checkpoint):
		writeCheckpoint(events, r.Task, r.spec)
		die()
	case behaviour == "raise in training" && training:
		_ = os.WriteFile(r.Log, []byte("Traceback (most recent call last): …\n"), 0o644)
		_ = events.Encode(protocol.Event{Type: protocol.Failed, Task: r.Task, Failure: &protocol.Failure{
			Type: "ValueError", Message: "no such thing", Traceback: "Traceback …",
		}})
		return
	case behaviour == "out of memory" && (training && r.spec.Pieces < 4 || !training && r.spec.BatchSize > 2):
		note(fmt.Sprintf("out of memory %s: %d pieces of %d, process %d", r.Task, r.spec.Pieces, r.spec.BatchSize, os.Getpid()))
		_ = events.Encode(protocol.Event{Type: protocol.Failed, Task: r.Task, Failure: &protocol.Failure{
			Type: "torch.OutOfMemoryError", Message: "CUDA out of memory. Tried to allocate 2.00 GiB",
		}})
		return
	case behaviour == "out of memory but in fresh workers" && strings.HasPrefix(r.Task, "classify") && r.served > 0:
		_ = events.Encode(protocol.Event{Type: protocol.Failed, Task: r.Task, Failure: &protocol.Failure{
			Type: "RuntimeError", Message: "[enforce fail] DefaultCPUAllocator: can't allocate memory",
		}})
		return
	case behaviour == "device fault once" && once():
		_ = events.Encode(protocol.Event{Type: protocol.Failed, Task: r.Task, Failure: &protocol.Failure{
			Type: "torch.AcceleratorError", Message: "CUDA error: an illegal memory access was encountered",
		}})
		return
	case behaviour == "hang" && training, behaviour == "hang once" && once():
		time.Sleep(time.Hour)
	case behaviour == "short":
		time.Sleep(shortTask)
	case behaviour == "slow":
		for i := range 10 { // each word pushes the limit back
			time.Sleep(50 * time.Millisecond)
			_ = events.Encode(protocol.Event{Type: protocol.Progress, Task: r.Task, Done: i, Total: 10})
		}
	case behaviour == "change photo" && training && once():
		path := os.Getenv("KIZU_TEST_PHOTO")
		if err := os.WriteFile(path, []byte("another photo"), 0o644); err != nil {
			os.Exit(2)
		}
	case behaviour == "full disk":
		_ = events.Encode(protocol.Event{Type: protocol.Failed, Task: r.Task, Failure: &protocol.Failure{
			Type: "OSError", Message: "[Errno 28] No space left on device: 'x.png'",
		}})
		return
	case behaviour == "wait for cancel":
		_ = events.Encode(protocol.Event{Type: protocol.Progress, Task: r.Task, Done: 1, Total: 2})
		lines.Scan()
		note("cancelled " + r.Task)
		_ = events.Encode(protocol.Event{Type: protocol.Failed, Task: r.Task, Failure: &protocol.Failure{Type: "errors.Cancelled", Cancelled: true}})
		return
	}
	_ = os.WriteFile(filepath.Join(r.spec.Out, "made.txt"), []byte(r.Task), 0o644)
	_ = events.Encode(protocol.Event{Type: protocol.Done, Task: r.Task, Result: json.RawMessage(`{"ok":true}`), Memory: &protocol.Memory{Host: 7, Device: 5}})
}

// beforeCheckpoint is how long a training takes to its checkpoint.
const beforeCheckpoint = 200 * time.Millisecond

// writeCheckpoint leaves a checkpoint and says that three quarters are done.
func writeCheckpoint(events *json.Encoder, task string, of spec) {
	time.Sleep(beforeCheckpoint)
	if os.MkdirAll(filepath.Join(of.Checkpoint, "00000001"), 0o755) != nil {
		os.Exit(2)
	}
	_ = events.Encode(protocol.Event{Type: protocol.Progress, Task: task, Done: 3, Total: 4})
}

func die() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	time.Sleep(time.Minute)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// groupFailures are what a worker says of a group that cannot go on, by behaviour.
var groupFailures = map[string]*protocol.Failure{
	"apart":                {Type: "together.ApartError", Message: "one spoils it"},
	"group out of memory":  {Type: "torch.OutOfMemoryError", Message: "CUDA out of memory"},
	"group is refused":     {Type: "errors.StageError", Message: "base model x cannot be loaded"},
	"group fills the disk": {Type: "OSError", Message: "[Errno 28] No space left on device: 'x.png'"},
	"group meets a fault":  {Type: "RuntimeError", Message: "expected m1 and m2 to have the same dtype"},
}

// answerTogether plays a group of tasks: the members end one after another.
func answerTogether(behaviour string, r request, lines *bufio.Scanner, events *json.Encoder) {
	var specs []spec
	if json.Unmarshal(r.Spec, &specs) != nil || len(specs) != len(r.Members) {
		os.Exit(2)
	}
	note(fmt.Sprintf("%s %s", r.Call, strings.Join(r.Members, " ")))
	if behaviour == "checkpoint, then die" && strings.HasPrefix(r.Call, "train_lora") {
		for i, id := range r.Members {
			writeCheckpoint(events, id, specs[i])
		}
		die()
	}
	for i, id := range r.Members {
		switch {
		case behaviour == "member fails" && i == 1:
			_ = events.Encode(protocol.Event{Type: protocol.Failed, Task: id, Failure: &protocol.Failure{Type: "errors.StageError", Message: "no such photo"}})
			continue
		case behaviour == "group dies" && i == 1:
			_ = os.WriteFile(filepath.Join(specs[i].Out, "half.bin"), []byte("half"), 0o644)
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			time.Sleep(time.Minute)
		case groupFailures[behaviour] != nil && i == 1:
			_ = events.Encode(protocol.Event{Type: protocol.Failed, Task: r.Task, Failure: groupFailures[behaviour]})
			return
		case behaviour == "wait for cancel" && i == 1:
			_ = events.Encode(protocol.Event{Type: protocol.Progress, Task: id, Done: 1, Total: 2})
			lines.Scan()
			note("cancelled " + r.Task)
			_ = events.Encode(protocol.Event{Type: protocol.Failed, Task: r.Task, Failure: &protocol.Failure{Type: "errors.Cancelled", Cancelled: true}})
			return
		}
		_ = os.WriteFile(filepath.Join(specs[i].Out, "made.txt"), []byte(id), 0o644)
		_ = events.Encode(protocol.Event{Type: protocol.Done, Task: id, Result: json.RawMessage(`{"ok":true}`), Memory: &protocol.Memory{Host: 7, Device: 5}})
	}
	_ = events.Encode(protocol.Event{Type: protocol.Done, Task: r.Task})
}
