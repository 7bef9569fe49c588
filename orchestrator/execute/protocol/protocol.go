// Package protocol is what the host and a worker process say to each other:
// one JSON object a line, requests on the worker's standard input, events on
// its file descriptor 3. Standard output and error belong to Python's libraries
// and go to the task's log.
package protocol

import "encoding/json"

// EventsFD is the worker's file descriptor for events.
const EventsFD = 3

// Request asks a worker to run one task, or to cancel the one that it runs. A
// group of tasks that are computed together is a task of its own: its spec is
// the list of its members' specs, and events of each member come in between.
type Request struct {
	Task    string          `json:"task"`              // Task is its id.
	Members []string        `json:"members,omitempty"` // Members are the ids of a group's tasks, in the order of their specs.
	Call    string          `json:"call,omitempty"`    // Call is module.function, such as train_lora.run.
	Spec    json.RawMessage `json:"spec,omitempty"`    // Spec is the function's argument.
	Log     string          `json:"log,omitempty"`     // Log is the file that takes Python's output from here on.
	Cancel  bool            `json:"cancel,omitempty"`  // Cancel asks for the end of Task, and for nothing else.
}

// The types of Event.
const (
	Ready    = "ready"    // The device works: Versions, Devices and Processor are set. It is a worker's first event.
	Progress = "progress" // A task has come further: Done, Total and Fields are set.
	Log      = "log"      // Message is for people.
	Done     = "done"     // A task's files are written: Result and Memory are set.
	Failed   = "failed"   // A task, or a worker that could not start, has failed: Failure is set.
)

// Event is something that happened in a worker.
type Event struct {
	Type     string            `json:"type"`
	Task     string            `json:"task,omitempty"`     // Task is the id of the task that it is about; "" for the worker itself.
	Done     int               `json:"done,omitempty"`     // Done counts the steps, epochs or images that are done.
	Total    int               `json:"total,omitempty"`    // Total counts all of them.
	Fields   map[string]any    `json:"fields,omitempty"`   // Fields are figures of the latest step, such as loss.
	Message  string            `json:"message,omitempty"`  // Message is one line.
	Result   json.RawMessage   `json:"result,omitempty"`   // Result is what the stage returned.
	Failure  *Failure          `json:"failure,omitempty"`  // Failure is nil where nothing failed.
	Memory   *Memory           `json:"memory,omitempty"`   // Memory is the most that the task used.
	Versions map[string]string `json:"versions,omitempty"` // Versions are those of Python and its libraries, by name.
	Devices  []Device          `json:"devices,omitempty"`  // Devices are those that the worker was started for.

	Processor *Processor `json:"processor,omitempty"` // Processor is what the worker computes on.
}

// Failure is a Python exception.
type Failure struct {
	Type      string `json:"type"` // Type is its class, with the module where that is not built in.
	Message   string `json:"message"`
	Traceback string `json:"traceback"`           // Traceback is as Python prints it.
	Cancelled bool   `json:"cancelled,omitempty"` // Cancelled says that the task stopped because it was asked to.
}

// Memory is the most that a task used.
type Memory struct {
	Host   int64 `json:"host_bytes"`   // Host is the machine's memory, in bytes.
	Device int64 `json:"device_bytes"` // Device is the accelerator's memory, in bytes; 0 on a CPU.
}

// Processor is the CPU that a worker computes on, or feeds its device from.
type Processor struct {
	Model        string            `json:"model"`
	Instructions string            `json:"instructions"` // Instructions are those that torch's kernels use, such as AVX2.
	Limits       map[string]string `json:"limits"`       // Limits are environment variables that hold libraries to less.
	Threads      int               `json:"threads"`      // Threads counts those that torch computes with.
}

// Device is a device that a worker sees.
type Device struct {
	Name   string `json:"name"`         // Name is torch's: cpu, cuda:0, …
	Kind   string `json:"kind"`         // Kind is torch's type of device: cpu, cuda, …
	Label  string `json:"label"`        // Label is what its maker calls it.
	Memory int64  `json:"memory_bytes"` // Memory is all that it has, in bytes.

	Problem string `json:"problem,omitempty"` // Problem is what keeps GPUs from being used in its place.
}
