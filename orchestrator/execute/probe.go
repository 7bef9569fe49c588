package execute

import (
	"context"
	"os"
	"path/filepath"

	"kizu/orchestrator/execute/protocol"
)

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
