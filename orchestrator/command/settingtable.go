package command

import (
	"math"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"kizu/orchestrator/execute"
	"kizu/orchestrator/execute/slurm"
	"kizu/orchestrator/store"
)

// Names of settings, as a config file has them.
const (
	setStore      = "store"
	setDevices    = "devices"
	setConfig     = "config"
	setQuiet      = "quiet"
	setLogFormat  = "log-format"
	setHome       = "home"
	setPython     = "python"
	setStall      = "stall"
	setCheckpoint = "checkpoint-every"
	setKeepLogs   = "keep-logs"
	setLocks      = "locks"
	setTogether   = "together"
	setExecutor   = "executor"

	setReproducible = "reproducible"

	setTF32          = "cuda.tf32"
	setBenchmark     = "cuda.benchmark"
	setDeterministic = "cuda.deterministic"

	setPartition  = "slurm.partition"
	setAccount    = "slurm.account"
	setQOS        = "slurm.qos"
	setTime       = "slurm.time"
	setGRES       = "slurm.gres"
	setCPUs       = "slurm.cpus"
	setMemory     = "slurm.memory"
	setConstraint = "slurm.constraint"
	setExtra      = "slurm.extra"
	setSetup      = "slurm.setup"
	setWorkers    = "slurm.workers"
	setGrace      = "slurm.grace"
	setIdle       = "slurm.idle"
)

// The executors.
const (
	executorLocal = "local"
	executorSlurm = "slurm"
)

// setting is one setting of the machine. All that is known of it stands in the
// table below: flags, environment and config file are checked by it alike.
type setting struct {
	name    string
	kind    kind
	initial string // the default
	usage   string
	also    func(text string) error // a check besides that of the kind; nil for none
}

const forever = time.Duration(math.MaxInt64)

// settingTable has the settings of every command, in the order of messages.
var settingTable = []setting{
	{setStore, aPath, "runs", "`folder` of the artifacts and reports", notEmpty},
	{setDevices, someDevices, "auto", "`devices`, one worker process each: cpu, cuda:0,cuda:1 or auto", nil},
	{setConfig, aPath, "", "`file` with settings of this machine (default: kizu/config.yaml in the user's config folder)", nil},
	{setQuiet, yesOrNo, "false", "print nothing when all goes well", nil},
	{setLogFormat, oneOf("text", "json"), "text", "`form` of progress that is not shown on a terminal: text or json", nil},
	{setHome, aPath, "", "`folder` with kizu's scripts and .venv (default: the one above the program's)", nil},
	{setPython, aPath, "", "`path` of the virtual environment's Python (default: .venv/bin/python3 in home)", nil},
	{setStall, aDuration, execute.UsualStall.String(), "how long a task may make no progress before its worker is killed", between(time.Second, forever, "too short: give a time such as 30m")},
	{setCheckpoint, aDuration, "1m0s", "time between two checkpoints of a training", nil},
	{setKeepLogs, aNumber, "20", "how many runs of an experiment keep their logs", atLeast(1, "at least the logs of 1 run are kept")},
	{setLocks, oneOf(store.LockFlock, store.LockLease, store.LockAuto), store.LockAuto, "`how` to lock the store: flock, lease (for network file systems), or auto", nil},
	{setTogether, aNumber, "16", "the most tasks that one device computes at the same time, where they allow it; 1 for one by one", atLeast(1, "give a number from 1, which is one task after another")},
	{setReproducible, yesOrNo, "false", "compute on CPUs with code that every x86-64 processor with AVX2 has, for the same bytes on all of them as far as possible; slower", nil},
	{setTF32, oneOf("off", "convolutions", "all"), "convolutions", "`where` GPUs multiply fp32 numbers rounded to 10 bits of fraction, several times as fast: off, convolutions or all", nil},
	{setBenchmark, yesOrNo, "false", "have GPUs use the convolution that is fastest in a trial; another run may find another, with other last bits", nil},
	{setDeterministic, yesOrNo, "false", "have GPUs use code that repeats itself to the bit, where torch has any; slower", nil},
}

// executorTable has the settings of commands that can choose an executor. On the
// command line, --slurm-partition is slurm.partition.
var executorTable = []setting{
	{setExecutor, oneOf(executorLocal, executorSlurm), executorLocal, "`where` tasks run: local, or slurm for the elements of a job array", nil},
	{setPartition, anyText, "", "partition of the jobs", slurm.CheckLine},
	{setAccount, anyText, "", "account that the jobs are charged to", slurm.CheckLine},
	{setQOS, anyText, "", "quality of service of the jobs", slurm.CheckLine},
	{setTime, anyText, "", "`time` limit of a job, such as 4:00:00", slurm.CheckTime},
	{setGRES, anyText, "", "generic resources of a worker, such as gpu:1", slurm.CheckLine},
	{setCPUs, aNumber, "0", "CPUs of a worker (default: the cluster's)", atLeast(0, "give a number of CPUs for each worker")},
	{setMemory, anyText, "", "memory of a worker, such as 16G", slurm.CheckMemory},
	{setConstraint, anyText, "", "features that nodes must have", slurm.CheckLine},
	{setExtra, texts, "", "further `option` of sbatch, such as --mail-type=FAIL; may be repeated", slurm.CheckOptions},
	{setSetup, texts, "", "`line` of shell before a worker starts, such as 'module load cuda'; may be repeated", nil},
	{setWorkers, aNumber, "8", "workers, one job each, at most", atLeast(1, "give the largest number of workers, at least 1")},
	{setGrace, aDuration, slurm.UsualGrace.String(), "time before a job's limit at which its worker stops and goes back into the queue", between(time.Second, time.Hour, "give a time from 1s to 1h")},
	{setIdle, aDuration, "10m0s", "how long a worker keeps its job with nothing to do while others work", nil},
}

// allSettings lists both tables.
func allSettings() []setting {
	return append(settingTable[:len(settingTable):len(settingTable)], executorTable...)
}

// check finds what is wrong with a text for the setting.
func (s setting) check(text string) error {
	if s.also != nil { // what is empty leaves a setting to its default, where it may
		if err := s.also(text); err != nil && (text != "" || s.initial != "") {
			return err
		}
	}
	if text == "" && s.initial == "" {
		return nil
	}
	return s.kind.check(text)
}

// flag is its name on the command line.
func (s setting) flag() string { return strings.ReplaceAll(s.name, ".", "-") }

// environment is its variable.
func (s setting) environment() string {
	return "KIZU_" + strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(s.name))
}

// addTo gives a command the setting's flag.
func (s setting) addTo(cmd *cobra.Command, flags *pflag.FlagSet) {
	flag := flags.VarPF(&flagValue{setting: s, text: s.initial}, s.flag(), "", s.usage)
	if s.kind.word == yesOrNo.word {
		flag.NoOptDefVal = "true"
	}
	if s.kind.words != nil {
		_ = cmd.RegisterFlagCompletionFunc(s.flag(), cobra.FixedCompletions(s.kind.words, cobra.ShellCompDirectiveNoFileComp))
	}
}

// flagValue is a setting on the command line, a pflag.Value.
type flagValue struct {
	setting
	text  string
	given bool
}

func (f *flagValue) String() string { return f.text }
func (f *flagValue) Type() string   { return f.kind.word }

// Set takes a value; further ones of a setting that has several are added.
func (f *flagValue) Set(text string) error {
	if err := f.check(text); err != nil {
		return err
	}
	if f.kind.word == texts.word && f.given {
		text = f.text + "\n" + text
	}
	f.text, f.given = text, true
	return nil
}
