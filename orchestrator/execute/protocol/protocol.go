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
	Task    string          `json:"task"`              // id
	Members []string        `json:"members,omitempty"` // ids of a group's tasks
	Call    string          `json:"call,omitempty"`    // module.function, such as train_lora.run
	Spec    json.RawMessage `json:"spec,omitempty"`    // the function's argument
	Log     string          `json:"log,omitempty"`     // file that takes Python's output from here on
	Cancel  bool            `json:"cancel,omitempty"`  // cancel Task instead
}

// The types of Event.
const (
	Ready    = "ready" // the device works; Versions is set
	Progress = "progress"
	Log      = "log"
	Done     = "done"
	Failed   = "failed"
)

// Event is something that happened in a worker.
type Event struct {
	Type     string            `json:"type"`
	Task     string            `json:"task,omitempty"`
	Done     int               `json:"done,omitempty"` // steps, of Total
	Total    int               `json:"total,omitempty"`
	Fields   map[string]any    `json:"fields,omitempty"` // such as loss
	Message  string            `json:"message,omitempty"`
	Result   json.RawMessage   `json:"result,omitempty"`
	Failure  *Failure          `json:"failure,omitempty"`
	Memory   *Memory           `json:"memory,omitempty"` // of a task that is done
	Versions map[string]string `json:"versions,omitempty"`
	Devices  []Device          `json:"devices,omitempty"`

	Processor *Processor `json:"processor,omitempty"` // that the worker computes on
}

// Failure is a Python exception.
type Failure struct {
	Type      string `json:"type"` // class, with its module where not built in
	Message   string `json:"message"`
	Traceback string `json:"traceback"`
	Cancelled bool   `json:"cancelled,omitempty"` // the task stopped because it was asked to
}

// Memory is the most that a task used.
type Memory struct {
	Host   int64 `json:"host_bytes"`
	Device int64 `json:"device_bytes"`
}

// Processor is the CPU that a worker computes on, or feeds its device from.
type Processor struct {
	Model        string            `json:"model"`
	Instructions string            `json:"instructions"` // that torch's kernels use
	Limits       map[string]string `json:"limits"`       // variables that hold libraries to less
	Threads      int               `json:"threads"`      // that torch computes with
}

// Device is a device that a worker sees.
type Device struct {
	Name   string `json:"name"` // cpu, cuda:0, …
	Kind   string `json:"kind"`
	Label  string `json:"label"`
	Memory int64  `json:"memory_bytes"`
}
