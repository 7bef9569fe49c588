package command

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	"kizu/orchestrator/plan"
	"kizu/orchestrator/store"
)

// settings are the settings of this machine: flags, KIZU_* environment
// variables, a config file and defaults, in this order. What defines a study is
// in its experiment file and never here; what --set changes of it is a flag only.
type settings struct {
	viper   *viper.Viper
	changes []string        // path=value
	stderr  io.Writer       // for warnings
	warned  map[string]bool // about a path
}

// Names of settings. In the environment they are upper case with KIZU_ before
// them and '-' and '.' turned into '_'.
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
)

// settingNames lists all settings that a config file may have.
var settingNames = append([]string{
	setStore, setDevices, setQuiet, setLogFormat, setHome, setPython, setStall, setCheckpoint, setKeepLogs, setLocks, setTogether, setExecutor,
}, slurmNames...)

func newSettings(flags *pflag.FlagSet, stderr io.Writer) *settings {
	flags.String(setStore, "runs", "folder of the artifacts and reports")
	flags.String(setDevices, "auto", "devices, one worker process each: cpu, cuda:0,cuda:1 or auto")
	flags.String(setConfig, "", "config file with settings of this machine (default: kizu/config.yaml in the user's config folder)")
	flags.Bool(setQuiet, false, "print nothing when all goes well")
	flags.String(setLogFormat, "text", "progress that is not shown on a terminal: text or json")
	flags.String(setHome, "", "folder with kizu's scripts and .venv (default: the one above the program's)")
	flags.String(setPython, "", "Python of the virtual environment (default: .venv/bin/python3 in home)")
	flags.Duration(setStall, time.Hour, "how long a task may make no progress before its worker is killed")
	flags.Duration(setCheckpoint, time.Minute, "time between two checkpoints of a training")
	flags.Int(setKeepLogs, 20, "how many runs of an experiment keep their logs")
	flags.String(setLocks, store.LockAuto, "how to lock the store: flock, lease (for network file systems), or auto")
	flags.Int(setTogether, 16, "the most tasks that one device computes at the same time, where they allow it; 1 for one by one")
	s := &settings{viper: viper.New(), stderr: stderr, warned: map[string]bool{}}
	s.viper.SetEnvPrefix("KIZU")
	s.viper.SetEnvKeyReplacer(strings.NewReplacer("-", "_", ".", "_"))
	s.viper.AutomaticEnv()
	if err := s.viper.BindPFlags(flags); err != nil {
		panic(err) // a nil flag: a mistake in the lines above
	}
	return s
}

// addSet gives a command that reads an experiment file the flag --set.
func (s *settings) addSet(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&s.changes, "set", nil,
		"`path=value` to use in place of what the file says, such as lora.rank=16; may be repeated")
}

// load reads the config file and checks every setting.
func (s *settings) load() error {
	if err := s.readConfig(); err != nil {
		return err
	}
	s.warnIfShared("store", s.viper.GetString(setStore))
	if format := s.viper.GetString(setLogFormat); format != "text" && format != "json" {
		return fmt.Errorf("log-format %q is neither text nor json", format)
	}
	if locks := s.viper.GetString(setLocks); locks != store.LockAuto && locks != store.LockFlock && locks != store.LockLease {
		return fmt.Errorf("locks %q is none of flock, lease and auto", locks)
	}
	if executor := s.viper.GetString(setExecutor); executor != executorLocal && executor != executorSlurm {
		return fmt.Errorf("executor %q is neither local nor slurm", executor)
	}
	if stall := s.viper.GetDuration(setStall); stall < time.Second {
		return fmt.Errorf("stall %s is too short: give a time such as 30m", s.viper.GetString(setStall))
	}
	if every := s.viper.GetDuration(setCheckpoint); every < 0 {
		return fmt.Errorf("checkpoint-every %s: give a time such as 1m", s.viper.GetString(setCheckpoint))
	}
	if n := s.viper.GetInt(setKeepLogs); n < 1 {
		return fmt.Errorf("keep-logs %s: at least the logs of 1 run are kept", s.viper.GetString(setKeepLogs))
	}
	if n := s.viper.GetInt(setTogether); n < 1 {
		return fmt.Errorf("together %s: give a number from 1, which is one task after another", s.viper.GetString(setTogether))
	}
	_, err := s.devices()
	return err
}

func (s *settings) readConfig() error {
	path := s.viper.GetString(setConfig)
	if path == "" {
		dir, err := os.UserConfigDir()
		if err != nil { // cron may set no HOME: then there is no config file
			return nil
		}
		path = filepath.Join(dir, "kizu", "config.yaml")
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
	}
	s.warnIfShared("config file", path)
	s.viper.SetConfigFile(path)
	if err := s.viper.ReadInConfig(); err != nil {
		return fmt.Errorf("config file %s: %w", path, err)
	}
	for _, key := range s.viper.AllKeys() {
		if s.viper.InConfig(key) && !slices.Contains(settingNames, key) {
			return fmt.Errorf("config file %s: unknown setting %q; the settings are %s", path, key, strings.Join(settingNames, ", "))
		}
	}
	return nil
}

// warnIfShared warns, once, of a file or folder that every user of the machine
// can write to: they could change what is run, or its results.
func (s *settings) warnIfShared(what, path string) {
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&0o002 == 0 || s.warned[path] {
		return
	}
	s.warned[path] = true
	fmt.Fprintf(s.stderr, "kizu: warning: every user of this machine can write to the %s %s: chmod o-w it\n", what, path)
}

var deviceName = regexp.MustCompile(`^(cpu|cuda:\d+)$`)

// devices lists the devices by name; none stands for auto.
func (s *settings) devices() ([]string, error) {
	text := s.viper.GetString(setDevices)
	if text == "auto" {
		return nil, nil
	}
	var list []string
	for _, name := range strings.Split(text, ",") {
		name = strings.TrimSpace(name)
		if !deviceName.MatchString(name) {
			return nil, fmt.Errorf("devices %q: %q is no device; give cpu, cuda:0 (several with commas) or auto", text, name)
		}
		list = append(list, name)
	}
	return list, nil
}

// home is the folder of kizu's own scripts and virtual environment.
func (s *settings) home() (string, error) {
	if home := s.viper.GetString(setHome); home != "" {
		return filepath.Abs(home)
	}
	program, err := os.Executable()
	if err != nil {
		return "", err
	}
	if program, err = filepath.EvalSymlinks(program); err != nil {
		return "", err
	}
	home := filepath.Dir(filepath.Dir(program))
	if _, err := os.Stat(filepath.Join(home, "scripts", "versions.json")); err != nil {
		return "", fmt.Errorf("kizu's scripts are not in %s: set KIZU_HOME to the folder that holds them", home)
	}
	return home, nil
}

// python is the interpreter of the virtual environment.
func (s *settings) python(home string) string {
	if python := s.viper.GetString(setPython); python != "" {
		return python
	}
	return filepath.Join(home, ".venv", "bin", "python3")
}

// machine is where experiments find what they refer to.
func (s *settings) machine() (plan.Machine, error) {
	home, err := s.home()
	if err != nil {
		return plan.Machine{}, err
	}
	m := plan.Machine{
		Scripts: filepath.Join(home, "scripts"),
		Models:  filepath.Join(home, "experiments", "models"),

		Progress: s.readingProgress(),
	}
	if m.Photos, err = s.photoReader(home); err != nil {
		return m, err
	}
	venv := filepath.Dir(filepath.Dir(s.python(home)))
	found, err := filepath.Glob(filepath.Join(venv, "lib", "python3*", "site-packages", "elpv_dataset", "data"))
	if err != nil {
		return m, err
	}
	if len(found) > 0 {
		m.ELPV = found[0]
	}
	return m, nil
}
