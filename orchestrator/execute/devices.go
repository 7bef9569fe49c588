package execute

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
)

// drivers are device files of which one exists wherever CUDA works (Linux, WSL).
var drivers = []string{"/dev/nvidiactl", "/dev/dxg"}

// Devices are the named ones, which must be there, or else every CUDA device, or else the CPU. A
// short-lived worker is asked where there may be others than that: the host itself never loads a
// CUDA library.
func Devices(ctx context.Context, command Command, named []string) ([]string, error) {
	there := []string{"cpu"}
	others := len(named) == 0 || slices.ContainsFunc(named, func(name string) bool { return name != "cpu" })
	if others && slices.ContainsFunc(drivers, exists) {
		found, err := Probe(ctx, command, nil)
		if err != nil {
			return nil, err
		}
		for _, device := range found {
			if device.Kind == "cuda" {
				there = append(there, device.Name)
			}
		}
	}
	for _, name := range named {
		if !slices.Contains(there, name) {
			return nil, fmt.Errorf("there is no device %s on this machine, which has %s: give one of these, or auto", name, strings.Join(there, ", "))
		}
	}
	switch {
	case len(named) > 0:
		return named, nil
	case len(there) > 1:
		return there[1:], nil
	}
	return there, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
