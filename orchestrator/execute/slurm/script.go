// Package slurm runs workers as the elements of a Slurm job array: the batch script as a text, what
// Slurm's commands print, and calls of the commands. It knows nothing of experiments.
package slurm

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"kizu/orchestrator/shell"
)

// Work is what the elements of an array do.
type Work struct {
	Name     string   // of the experiment
	Elements int      // of the array
	Dir      string   // working folder
	Logs     string   // folder of the elements' output
	Command  []string // the worker
}

// Script is the batch script that is submitted. The worker takes the place of
// the shell, so that what Slurm signals is the worker itself.
func Script(s Settings, w Work) string {
	var text strings.Builder
	line := func(format string, values ...any) { fmt.Fprintf(&text, format+"\n", values...) }
	option := func(name, value string) {
		if value != "" {
			line("#SBATCH --%s=%s", name, value)
		}
	}
	line("#!/bin/bash")
	option("job-name", "kizu-"+w.Name)
	option("array", fmt.Sprintf("0-%d", w.Elements-1))
	line("#SBATCH --nodes=1 --ntasks=1")
	option("partition", s.Partition)
	option("account", s.Account)
	option("qos", s.QOS)
	option("time", s.Time)
	option("gres", s.GRES)
	if s.CPUs > 0 {
		option("cpus-per-task", fmt.Sprint(s.CPUs))
	}
	option("mem", s.Memory)
	option("constraint", s.Constraint)
	option("chdir", directive(w.Dir))
	option("output", directive(strings.ReplaceAll(w.Logs, "%", "%%")+"/"+logName("%A_%a")))
	line("#SBATCH --open-mode=append") // a requeued element goes on with its log
	line("#SBATCH --requeue")
	option("signal", fmt.Sprintf("B:USR1@%d", int(s.Grace.Seconds())))
	for _, extra := range s.Extra {
		line("#SBATCH %s", extra)
	}
	line("trap '' USR1 # until the worker listens to it")
	for _, setup := range s.Setup {
		line("%s", setup)
	}
	var words []string
	for _, word := range w.Command {
		words = append(words, shell.Word(word))
	}
	line("exec %s", strings.Join(words, " "))
	return text.String()
}

// logName is the file name of an element's output.
func logName(element string) string { return "slurm-" + element + ".log" }

// directive writes a value for a #SBATCH line, which has quotes but no variables.
func directive(value string) string {
	if strings.ContainsAny(value, " \t\"'\\#") {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
	}
	return value
}

// Settings are what a lab's Slurm wants to know. What is empty is left to the cluster's defaults.
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
