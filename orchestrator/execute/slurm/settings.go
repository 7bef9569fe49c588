// Package slurm runs workers as the elements of a Slurm job array: the batch
// script as a text, what Slurm's commands print, and calls of the commands. It
// knows nothing of experiments.
package slurm

import (
	"errors"
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

// UsualGrace is Settings.Grace where nobody says otherwise.
const UsualGrace = 2 * time.Minute

var (
	timeLimit = regexp.MustCompile(`^(\d+-)?\d+(:\d+){0,2}$`)
	memory    = regexp.MustCompile(`^\d+[KMGTkmgt]?$`)
)

// The checks find texts that would not mean in a script what they look like.
// What they are worth, sbatch says.

// CheckLine is for what stands in one line.
func CheckLine(text string) error {
	if strings.ContainsAny(text, "\n\r") {
		return errors.New("it has more than one line")
	}
	return nil
}

// CheckTime is for time limits.
func CheckTime(text string) error {
	if !timeLimit.MatchString(text) {
		return errors.New("give minutes, hours:minutes:seconds or days-hours:minutes:seconds")
	}
	return nil
}

// CheckMemory is for sizes of memory.
func CheckMemory(text string) error {
	if !memory.MatchString(text) {
		return errors.New("give a size such as 16G")
	}
	return nil
}

// CheckOptions is for options of sbatch, one a line.
func CheckOptions(text string) error {
	for line := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if !strings.HasPrefix(line, "-") {
			return fmt.Errorf("%q: give one option of sbatch, such as --mail-type=FAIL", line)
		}
	}
	return nil
}
