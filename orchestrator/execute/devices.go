package execute

import (
	"context"
	"os"
	"path/filepath"
	"slices"
)

// drivers are device files of which one exists wherever CUDA works (Linux, WSL).
var drivers = []string{"/dev/nvidiactl", "/dev/dxg"}

// Devices asks a short-lived worker which devices there are: every CUDA device,
// or else the CPU. The host itself never loads a CUDA library.
func Devices(ctx context.Context, command Command, logs string) ([]string, error) {
	if !slices.ContainsFunc(drivers, exists) {
		return []string{"cpu"}, nil // saves starting Python to hear the same
	}
	if err := os.MkdirAll(logs, 0o777); err != nil {
		return nil, diskFull(err)
	}
	process, ready, err := startProcess(ctx, command, "auto", filepath.Join(logs, "worker-auto.log"))
	if err != nil {
		return nil, err
	}
	defer process.stop()
	var cuda []string
	for _, device := range ready.Devices {
		if device.Kind == "cuda" {
			cuda = append(cuda, device.Name)
		}
	}
	if len(cuda) > 0 {
		return cuda, nil
	}
	return []string{"cpu"}, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
