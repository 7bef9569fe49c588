// Package slurm runs workers as the elements of a Slurm job array: the batch
// script as a text, what Slurm's commands print, and calls of the commands. It
// knows nothing of experiments.
package slurm

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Settings are what a lab's Slurm wants to know. What is empty is left to the
// cluster's defaults.
type Settings struct {
	Partition  string
	Account    string
	QOS        string
	Time       string // limit of a job, as sbatch takes it
	GRES       string // such as gpu:1
	CPUs       int    // of a worker; 0 for the default
	Memory     string // of a worker, such as 16G
	Constraint string
	Extra      []string      // further options of sbatch, such as --mail-type=FAIL
	Setup      []string      // lines of shell before the worker starts
	Workers    int           // elements of the array at most
	Grace      time.Duration // before the time limit, at which a worker stops
}

var (
	timeLimit = regexp.MustCompile(`^(\d+-)?\d+(:\d+){0,2}$`)
	memory    = regexp.MustCompile(`^\d+[KMGTkmgt]?$`)
)

// Check finds settings that would not mean what they look like in a script.
// What they are worth, sbatch says.
func (s *Settings) Check() error {
	for name, value := range map[string]string{
		"partition": s.Partition, "account": s.Account, "qos": s.QOS, "gres": s.GRES, "constraint": s.Constraint,
	} {
		if strings.ContainsAny(value, "\n\r") {
			return fmt.Errorf("slurm.%s %q has more than one line", name, value)
		}
	}
	if s.Time != "" && !timeLimit.MatchString(s.Time) {
		return fmt.Errorf("slurm.time %q: give minutes, hours:minutes:seconds or days-hours:minutes:seconds", s.Time)
	}
	if s.Memory != "" && !memory.MatchString(s.Memory) {
		return fmt.Errorf("slurm.memory %q: give a size such as 16G", s.Memory)
	}
	if s.CPUs < 0 {
		return fmt.Errorf("slurm.cpus %d: give a number of CPUs for each worker", s.CPUs)
	}
	if s.Workers < 1 {
		return fmt.Errorf("slurm.workers %d: give the largest number of workers, at least 1", s.Workers)
	}
	if s.Grace < time.Second || s.Grace > time.Hour {
		return fmt.Errorf("slurm.grace %s: give a time from 1s to 1h", s.Grace)
	}
	for _, line := range s.Extra {
		if !strings.HasPrefix(line, "-") || strings.ContainsAny(line, "\n\r") {
			return fmt.Errorf("slurm.extra %q: give one option of sbatch, such as --mail-type=FAIL", line)
		}
	}
	return nil
}
