package command

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"kizu/orchestrator/execute/slurm"
)

// The executors.
const (
	executorLocal = "local"
	executorSlurm = "slurm"
)

// Settings of Slurm. On the command line, --slurm-partition is slurm.partition.
const (
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

var slurmNames = []string{
	setPartition, setAccount, setQOS, setTime, setGRES, setCPUs, setMemory, setConstraint, setExtra, setSetup, setWorkers, setGrace, setIdle,
}

// addExecutor gives a command the choice of an executor, and Slurm's settings.
func (s *settings) addExecutor(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.String(setExecutor, executorLocal, "where tasks run: local, or slurm for the elements of a job array")
	flag := func(name string) string { return strings.ReplaceAll(name, ".", "-") }
	flags.String(flag(setPartition), "", "partition of the jobs")
	flags.String(flag(setAccount), "", "account that the jobs are charged to")
	flags.String(flag(setQOS), "", "quality of service of the jobs")
	flags.String(flag(setTime), "", "time limit of a job, such as 4:00:00")
	flags.String(flag(setGRES), "", "generic resources of a worker, such as gpu:1")
	flags.Int(flag(setCPUs), 0, "CPUs of a worker (default: the cluster's)")
	flags.String(flag(setMemory), "", "memory of a worker, such as 16G")
	flags.String(flag(setConstraint), "", "features that nodes must have")
	flags.StringArray(flag(setExtra), nil, "further `option` of sbatch, such as --mail-type=FAIL; may be repeated")
	flags.StringArray(flag(setSetup), nil, "`line` of shell before a worker starts, such as 'module load cuda'; may be repeated")
	flags.Int(flag(setWorkers), 8, "workers, one job each, at most")
	flags.Duration(flag(setGrace), 2*time.Minute, "time before a job's limit at which its worker stops and goes back into the queue")
	flags.Duration(flag(setIdle), 10*time.Minute, "how long a worker keeps its job with nothing to do while others work")
	for _, name := range append([]string{setExecutor}, slurmNames...) {
		if err := s.viper.BindPFlag(name, flags.Lookup(flag(name))); err != nil {
			panic(err) // no such flag: a mistake in the lines above
		}
	}
}

// slurm reads Slurm's settings.
func (s *settings) slurm() (slurm.Settings, error) {
	v := s.viper
	settings := slurm.Settings{
		Partition: v.GetString(setPartition), Account: v.GetString(setAccount), QOS: v.GetString(setQOS),
		Time: v.GetString(setTime), GRES: v.GetString(setGRES), CPUs: v.GetInt(setCPUs), Memory: v.GetString(setMemory),
		Constraint: v.GetString(setConstraint), Extra: s.list(setExtra), Setup: s.list(setSetup),
		Workers: v.GetInt(setWorkers), Grace: v.GetDuration(setGrace),
	}
	return settings, settings.Check()
}

// list is a setting with several values. In the environment each is a line:
// viper would cut it at its spaces.
func (s *settings) list(name string) []string {
	if text, ok := s.viper.Get(name).(string); ok {
		return strings.FieldsFunc(text, func(r rune) bool { return r == '\n' })
	}
	return s.viper.GetStringSlice(name)
}
