package execute

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"

	"kizu/orchestrator/execute/protocol"
	"kizu/orchestrator/execute/runlog"
)

// Helper is a worker process that runs no tasks but answers questions that only Python's
// libraries can: what there is to download, or what a classifier says of a photo.
type Helper struct {
	process *process
	logs    string
}

// StartHelper starts one with a device, or "" for none. Its output is kept only as long as
// it lives.
func StartHelper(ctx context.Context, command Command, device string) (*Helper, error) {
	logs, err := os.MkdirTemp("", "kizu-helper-*")
	if err != nil {
		return nil, diskFull(err)
	}
	process, _, err := startProcess(ctx, command, device, filepath.Join(logs, "worker.log"))
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(logs))
	}
	return &Helper{process, logs}, nil
}

// Close ends the process.
func (h *Helper) Close() {
	h.process.stop()
	_ = os.RemoveAll(h.logs)
}

// Ask calls a function of a Python module, such as downloads.look, and returns
// what it does.
func (h *Helper) Ask(ctx context.Context, function string, argument, result any) error {
	spec, err := json.Marshal(argument)
	if err != nil {
		return err
	}
	if err := h.process.send(protocol.Request{Task: function, Call: function, Spec: spec}); err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			h.process.kill()
			return ctx.Err()
		case event, alive := <-h.process.events:
			switch {
			case !alive:
				return errors.New("a worker process died (" + h.process.wait() + "): " + runlog.LastLines(h.process.log, 3))
			case event.Type == protocol.Failed && isStageError(*event.Failure):
				return errors.New(event.Failure.Message)
			case event.Type == protocol.Failed:
				return errors.New(event.Failure.Type + ": " + event.Failure.Message)
			case event.Type == protocol.Done:
				return json.Unmarshal(event.Result, result)
			}
		}
	}
}

// Probe starts a worker for each named device, or one for auto where none is
// named, and says what they found. A Python that does not start is found too.
func Probe(ctx context.Context, command Command, names []string) ([]protocol.Device, error) {
	logs, err := os.MkdirTemp("", "kizu-check-*")
	if err != nil {
		return nil, diskFull(err)
	}
	if len(names) == 0 {
		names = []string{"auto"}
	}
	var devices []protocol.Device
	for _, name := range names {
		process, ready, err := startProcess(ctx, command, name, filepath.Join(logs, "worker.log"))
		if err != nil {
			return nil, err
		}
		process.stop()
		devices = append(devices, ready.Devices...)
	}
	return devices, os.RemoveAll(logs) // a log of what went wrong stays
}
