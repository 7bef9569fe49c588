package execute

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
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

// Lacking is an error if the machine has not all of the named devices. A worker is asked where
// there may be others than the CPU.
func Lacking(ctx context.Context, command Command, names []string) error {
	there := []string{"cpu"}
	if others := func(name string) bool { return name != "cpu" }; slices.ContainsFunc(names, others) && slices.ContainsFunc(drivers, exists) {
		found, err := Probe(ctx, command, nil)
		if err != nil {
			return err
		}
		for _, device := range found {
			there = append(there, device.Name)
		}
	}
	for _, name := range names {
		if !slices.Contains(there, name) {
			return fmt.Errorf("there is no device %s on this machine, which has %s: give one of these, or auto", name, strings.Join(there, ", "))
		}
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
