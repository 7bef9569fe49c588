package command

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	"kizu/orchestrator/execute/slurm"
	"kizu/orchestrator/experiment"
	"kizu/orchestrator/plan"
	"kizu/orchestrator/spelling"
)

// settings are the settings of this machine: flags, KIZU_* environment
// variables, a config file and defaults, in this order. What defines an experiment is
// in its experiment file and never here; what --set changes of it is a flag only.
type settings struct {
	viper   *viper.Viper
	flags   *pflag.FlagSet  // of every command
	changes []string        // path=value
	series  []string        // path=value,value…
	stderr  io.Writer       // for warnings
	warned  map[string]bool // about a path
}

func newSettings(root *cobra.Command, stderr io.Writer) *settings {
	flags := root.PersistentFlags()
	s := &settings{viper: viper.New(), flags: flags, stderr: stderr, warned: map[string]bool{}}
	s.viper.SetEnvPrefix("KIZU")
	s.viper.SetEnvKeyReplacer(strings.NewReplacer("-", "_", ".", "_"))
	s.viper.AutomaticEnv()
	for _, known := range allSettings() {
		s.viper.SetDefault(known.name, known.initial)
	}
	s.add(root, flags, settingTable)
	return s
}

// add gives a command the flags of some settings.
func (s *settings) add(cmd *cobra.Command, flags *pflag.FlagSet, table []setting) {
	for _, known := range table {
		known.addTo(cmd, flags)
		if err := s.viper.BindPFlag(known.name, flags.Lookup(known.flag())); err != nil {
			panic(err) // no such flag: a mistake in the lines above
		}
	}
}

// addExecutor gives a command the choice of an executor, and Slurm's settings.
func (s *settings) addExecutor(cmd *cobra.Command) { s.add(cmd, cmd.Flags(), executorTable) }

// addSet gives a command that reads an experiment file the flag --set.
func (s *settings) addSet(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&s.changes, "set", nil,
		"`path=value` to use in place of what the file says, such as lora.rank=16; may be repeated")
	assignments := func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return experiment.Assignments(), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
	_ = cmd.RegisterFlagCompletionFunc("set", assignments) // fails for a flag that is not there
}

// load reads the environment and the config file, and checks every setting in
// them, as flags were checked when they were read. Only then are settings asked
// for, so that whatever they say can be read by its kind.
func (s *settings) load() error {
	if err := s.checkEnvironment(); err != nil {
		return err
	}
	if err := s.readConfig(); err != nil {
		return err
	}
	s.warnIfShared("store", s.path(setStore))
	return nil
}

// checkEnvironment checks the variables that are settings, and warns of those
// that seem to be meant as one.
func (s *settings) checkEnvironment() error {
	var names []string
	for _, known := range allSettings() {
		name := known.environment()
		names = append(names, name)
		// What is set to nothing is not set, as for viper.
		if text := os.Getenv(name); text != "" {
			if err := known.check(text); err != nil {
				return fmt.Errorf("%s=%s: %w", name, written(text), err)
			}
		}
	}
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if !strings.HasPrefix(name, "KIZU_") || slices.Contains(names, name) || s.warned[name] {
			continue
		}
		if near := spelling.Nearest(name, names); near != "" {
			s.warned[name] = true
			fmt.Fprintf(s.stderr, "kizu: warning: the environment variable %s is no setting of kizu: did you mean %s?\n", name, near)
		}
	}
	return nil
}

func (s *settings) text(name string) string { return s.viper.GetString(name) }

func (s *settings) list(name string) []string { return lines(s.text(name)) }

func (s *settings) on(name string) bool {
	is, _ := yes(s.text(name))
	return is
}

func (s *settings) number(name string) int {
	n, _ := number(s.text(name))
	return n
}

func (s *settings) duration(name string) time.Duration {
	d, _ := duration(s.text(name))
	return d
}

func (s *settings) path(name string) string {
	path, _ := plan.Expanded(s.text(name))
	return path
}

// cuda is how GPUs compute, as variables that scripts/common/devices.py reads.
func (s *settings) cuda() (variables []string) {
	for _, known := range settingTable {
		if text := s.text(known.name); strings.HasPrefix(known.name, "cuda.") {
			if known.kind.word == yesOrNo.word {
				text = strconv.FormatBool(s.on(known.name))
			}
			variables = append(variables, known.environment()+"="+text)
		}
	}
	return variables
}

// slurm reads Slurm's settings.
func (s *settings) slurm() slurm.Settings {
	return slurm.Settings{
		Partition: s.text(setPartition), Account: s.text(setAccount), QOS: s.text(setQOS),
		Time: s.text(setTime), GRES: s.text(setGRES), CPUs: s.number(setCPUs), Memory: s.text(setMemory),
		Constraint: s.text(setConstraint), Extra: s.list(setExtra), Setup: s.list(setSetup),
		Workers: s.number(setWorkers), Grace: s.duration(setGrace),
	}
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
func (s *settings) devices() []string {
	names, _ := deviceNames(s.text(setDevices))
	return names
}

func deviceNames(text string) ([]string, error) {
	if text == "auto" {
		return nil, nil
	}
	var list []string
	for name := range strings.SplitSeq(text, ",") {
		name = strings.TrimSpace(name)
		if !deviceName.MatchString(name) {
			return nil, fmt.Errorf("%q is no device; give cpu, cuda:0 (several with commas) or auto", name)
		}
		list = append(list, name)
	}
	return list, nil
}

// home is the folder of kizu's own scripts and virtual environment.
func (s *settings) home() (string, error) {
	if home := s.path(setHome); home != "" {
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
	if python := s.path(setPython); python != "" {
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
