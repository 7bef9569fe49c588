// Package worker is the half of execute that runs in a worker process: it embeds Python, holds one
// device, and runs tasks one after another. It is the only part of kizu that loads Python.
package worker

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"kizu/orchestrator/execute/protocol"
	"kizu/pyembed"
)

// Config is what a worker is started with.
type Config struct {
	Python  string // the virtual environment's interpreter
	Scripts string // the folder of the stages
	Device  string // cpu, cuda:0, or auto to list all devices; "" for none: torch is not loaded
}

// Run serves requests until its input ends, which also happens when the host
// dies: a worker never outlives its host.
func Run(cfg Config, requests io.Reader, events io.Writer) error {
	w := &worker{device: cfg.Device, out: json.NewEncoder(events)}
	runtime, err := pyembed.Start(pyembed.Config{
		Python: cfg.Python,
		Path:   []string{cfg.Scripts},
		Functions: map[string]any{
			"progress": w.progress, "log": w.log,
			"progress_of": w.progressOf, "done": w.done, "failed": w.failed,
		},
	})
	if err != nil {
		w.emit(protocol.Event{Type: protocol.Failed, Failure: &protocol.Failure{Type: "pyembed", Message: err.Error()}})
		return err
	}
	w.python = runtime
	incoming := make(chan protocol.Request)
	go w.read(requests, incoming)
	if err := w.probe(cfg.Device); err != nil {
		return err
	}
	for request := range incoming {
		w.run(request)
	}
	return runtime.Close()
}

type worker struct {
	device string
	python *pyembed.Runtime

	sending sync.Mutex
	out     *json.Encoder

	mu      sync.Mutex
	task    string             // the task at hand
	members []string           // of a group, where it is one
	cancel  context.CancelFunc // of the task at hand
}

func (w *worker) emit(event protocol.Event) {
	w.sending.Lock()
	defer w.sending.Unlock()
	if err := w.out.Encode(event); err != nil {
		fmt.Fprintln(os.Stderr, "worker: the host does not listen any more:", err)
	}
}

// read hands requests on. Once the host is gone, nothing that Python computes
// has a reader, so the process ends at once, in the middle of a call if need be.
func (w *worker) read(requests io.Reader, incoming chan<- protocol.Request) {
	defer close(incoming)
	lines := bufio.NewReader(requests)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			if w.busy() {
				os.Exit(1)
			}
			return
		}
		var request protocol.Request
		if err := json.Unmarshal(line, &request); err != nil {
			w.emit(protocol.Event{Type: protocol.Log, Message: fmt.Sprintf("unreadable request: %v", err)})
			continue
		}
		if request.Cancel {
			w.stop(request.Task)
			continue
		}
		incoming <- request
	}
}

func (w *worker) busy() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.task != ""
}

func (w *worker) stop(task string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.task == task && w.cancel != nil {
		w.cancel()
	}
}

// probe makes sure that the device exists, and tells the host.
func (w *worker) probe(device string) error {
	if device == "" {
		w.emit(protocol.Event{Type: protocol.Ready})
		return nil
	}
	var found struct {
		Devices  []protocol.Device `json:"devices"`
		Versions map[string]string `json:"versions"`

		Processor protocol.Processor `json:"processor"`
	}
	err := w.python.Call(context.Background(), "common.devices.probe", map[string]any{"device": device}, &found)
	if err != nil {
		w.emit(protocol.Event{Type: protocol.Failed, Failure: failure(err)})
		return err
	}
	w.emit(protocol.Event{Type: protocol.Ready, Devices: found.Devices, Versions: found.Versions, Processor: &found.Processor})
	return nil
}

// run runs one task and reports how it ended.
func (w *worker) run(request protocol.Request) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	w.mu.Lock()
	w.task, w.members, w.cancel = request.Task, request.Members, cancel
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		w.task, w.members, w.cancel = "", nil, nil
		w.mu.Unlock()
	}()
	result, memory, err := w.call(ctx, request)
	if err != nil {
		failed := failure(err)
		fmt.Fprintln(os.Stderr, failed.Traceback)
		w.emit(protocol.Event{Type: protocol.Failed, Task: request.Task, Failure: failed})
		return
	}
	w.emit(protocol.Event{Type: protocol.Done, Task: request.Task, Result: result, Memory: memory})
}

func (w *worker) call(ctx context.Context, request protocol.Request) (json.RawMessage, *protocol.Memory, error) {
	if err := redirect(request.Log); err != nil {
		return nil, nil, err
	}
	var spec, result any
	if err := decodeExact(request.Spec, &spec); err != nil {
		return nil, nil, fmt.Errorf("spec of %s: %w", request.Task, err)
	}
	if w.device == "" {
		if err := w.python.Call(ctx, request.Call, spec, &result); err != nil {
			return nil, nil, err
		}
		text, err := json.Marshal(result)
		return text, nil, err
	}
	device := map[string]any{"device": w.device}
	if err := w.python.Call(context.Background(), "common.memory.reset", device, nil); err != nil {
		return nil, nil, err
	}
	if err := w.python.Call(ctx, request.Call, spec, &result); err != nil {
		return nil, nil, err
	}
	memory := &protocol.Memory{}
	if err := w.python.Call(context.Background(), "common.memory.peak", device, memory); err != nil {
		return nil, nil, err
	}
	text, err := json.Marshal(result)
	return text, memory, err
}

// progress is Python's host.progress.
func (w *worker) progress(done, total int, fields map[string]any) {
	w.emit(protocol.Event{Type: protocol.Progress, Task: w.current(), Done: done, Total: total, Fields: fields})
}

// progressOf is Python's host.progress_of.
func (w *worker) progressOf(place, done, total int, fields map[string]any) error {
	return w.of(place, protocol.Event{Type: protocol.Progress, Done: done, Total: total, Fields: fields})
}

// done is Python's host.done.
func (w *worker) done(place int, result, memory map[string]any) error {
	text, err := json.Marshal(result)
	if err != nil {
		return err
	}
	used := &protocol.Memory{}
	if peak, err := json.Marshal(memory); err != nil {
		return err
	} else if err := json.Unmarshal(peak, used); err != nil {
		return err
	}
	return w.of(place, protocol.Event{Type: protocol.Done, Result: text, Memory: used})
}

// failed is Python's host.failed.
func (w *worker) failed(place int, message string) error {
	return w.of(place, protocol.Event{Type: protocol.Failed, Failure: &protocol.Failure{Type: "errors.StageError", Message: redacted(message)}})
}

// of emits an event of one member of the group at hand.
func (w *worker) of(place int, event protocol.Event) error {
	w.mu.Lock()
	members := w.members
	w.mu.Unlock()
	if place < 0 || place >= len(members) {
		return fmt.Errorf("the group has no task %d", place)
	}
	event.Task = members[place]
	w.emit(event)
	return nil
}

// log is Python's host.log.
func (w *worker) log(message string) {
	message = redacted(message)
	fmt.Fprintln(os.Stderr, message)
	w.emit(protocol.Event{Type: protocol.Log, Task: w.current(), Message: message})
}

func (w *worker) current() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.task
}

// failure describes an error to the host.
func failure(err error) *protocol.Failure {
	cancelled := errors.Is(err, context.Canceled)
	var raised *pyembed.PythonError
	if errors.As(err, &raised) {
		return &protocol.Failure{
			Type: raised.Type, Message: redacted(raised.Message), Traceback: redacted(raised.Traceback), Cancelled: cancelled,
		}
	}
	return &protocol.Failure{Type: "worker", Message: redacted(err.Error()), Cancelled: cancelled}
}

// redacted is a text without the access tokens that the environment holds:
// libraries put them into messages, and messages into logs and pages.
func redacted(text string) string {
	for _, name := range []string{"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"} {
		if token := os.Getenv(name); len(token) > 3 {
			text = strings.ReplaceAll(text, token, "("+name+")")
		}
	}
	return text
}

// redirect sends the process's output, Python's and every library's, to a file.
func redirect(path string) error {
	if path == "" {
		return nil
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return err
	}
	defer file.Close()
	for _, fd := range []int{1, 2} {
		if err := unix.Dup3(int(file.Fd()), fd, 0); err != nil {
			return fmt.Errorf("log %s: %w", path, err)
		}
	}
	return nil
}
