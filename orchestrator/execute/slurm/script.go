package slurm

import (
	"fmt"
	"strings"

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

// directive writes a value for a #SBATCH line, which has quotes but no
// variables.
func directive(value string) string {
	if strings.ContainsAny(value, " \t\"'\\#") {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
	}
	return value
}
