package command

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// machineSettings are the settings that a config file and a command line make.
func machineSettings(t *testing.T, file string, args ...string) (*settings, string, error) {
	t.Helper()
	var warnings bytes.Buffer
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(file), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := &cobra.Command{Use: "x", RunE: func(*cobra.Command, []string) error { return nil }, SilenceErrors: true, SilenceUsage: true}
	s := newSettings(cmd, &warnings)
	s.addExecutor(cmd)
	cmd.SetArgs(append([]string{"--config", path}, args...))
	err := cmd.Execute()
	if err == nil {
		err = s.load()
	}
	message := ""
	if err != nil {
		message = strings.ReplaceAll(err.Error(), path, "FILE")
	}
	return s, warnings.String() + message, err
}

// TestTextsArriveAsWritten: whatever YAML takes a value for, a text is a text.
func TestTextsArriveAsWritten(t *testing.T) {
	for _, text := range []string{"0123", "12_34", "1.10", "1e5", "0x1F", "2026-11-26", "2026-11-26T10:00:00Z", "1:30", "yes", "NO", "~x", ".inf", "+1", "0b11", "'007'"} {
		s, message, err := machineSettings(t, "slurm:\n  account: "+text+"\n  extra: [-a "+text+", --b]\n  setup: "+text+"\n")
		if err != nil {
			t.Errorf("%s: %s", text, message)
			continue
		}
		want := strings.Trim(text, "'")
		if got := s.slurm(); got.Account != want || got.Extra[0] != "-a "+text || got.Extra[1] != "--b" || got.Setup[0] != want {
			t.Errorf("%s arrives as %q, %q, %q", text, got.Account, got.Extra, got.Setup)
		}
	}
}

// TestOrderOfSettings: a flag goes before the environment, that before the
// file, and the file before the default; a flag that may be repeated adds up.
func TestOrderOfSettings(t *testing.T) {
	t.Setenv("KIZU_SLURM_QOS", "of the environment")
	t.Setenv("KIZU_SLURM_ACCOUNT", "of the environment")
	t.Setenv("KIZU_SLURM_EXTRA", "--a b\n--c")
	t.Setenv("KIZU_KEEP_LOGS", "")
	s, message, err := machineSettings(t, "slurm: {account: file, qos: file, partition: file, gres: , EXTRA: [--file]}\nkeep-logs: 7\n",
		"--slurm-account", "flag", "--slurm-setup", "one", "--slurm-setup", "two", "--quiet")
	if err != nil {
		t.Fatal(message)
	}
	got := s.slurm()
	if got.Account != "flag" || got.QOS != "of the environment" || got.Partition != "file" || got.GRES != "" || got.Workers != 8 ||
		strings.Join(got.Extra, "|") != "--a b|--c" || strings.Join(got.Setup, "|") != "one|two" || s.number(setKeepLogs) != 7 || !s.on(setQuiet) {
		t.Errorf("%+v, %d, %v", got, s.number(setKeepLogs), s.on(setQuiet))
	}
}

// mistakenSettings are values that are refused wherever they stand, with what is
// said of them.
var mistakenSettings = []struct{ name, text, want string }{
	{setCheckpoint, "60", "a time needs its unit: 60s, 60m or 60h"},
	{setCheckpoint, "-1m", "a time cannot be negative"},
	{setStall, "soon", "want a time, such as 90s, 30m or 1h30m"},
	{setStall, "10ms", "too short: give a time such as 30m"},
	{setKeepLogs, "0", "at least the logs of 1 run are kept"},
	{setTogether, "four", "want a whole number"},
	{setTogether, "1.5", "want a whole number"},
	{setQuiet, "maybe", "want true or false"},
	{setLogFormat, "xml", "want one of: text, json"},
	{setLocks, "none", "want one of: flock, lease, auto"},
	{setExecutor, "Slurm", "want one of: local, slurm"},
	{setDevices, "gpu", `"gpu" is no device; give cpu, cuda:0 (several with commas) or auto`},
	{setStore, "~bob/runs", "~ stands for your own home folder only: write the folder of bob out, or ./~bob for one that is called so"},
	{setIdle, "600", "a time needs its unit: 600s, 600m or 600h"},
	{setGrace, "2h", "give a time from 1s to 1h"},
	{setCPUs, "-1", "give a number of CPUs for each worker"},
	{setWorkers, "0", "give the largest number of workers, at least 1"},
	{setTime, "4h", "give minutes, hours:minutes:seconds or days-hours:minutes:seconds"},
	{setMemory, "lots", "give a size such as 16G"},
	{setExtra, "mail", `"mail": give one option of sbatch, such as --mail-type=FAIL`},
}

// TestMistakesOfSettings: the same check for flags, environment and file, and
// for every kind of setting.
func TestMistakesOfSettings(t *testing.T) {
	for _, m := range mistakenSettings {
		of := named(m.name)
		if _, message, _ := machineSettings(t, "# a comment\n"+m.name+": "+m.text+"\n"); !strings.HasPrefix(message, "config file FILE:2:") || !strings.HasSuffix(message, m.name+": "+m.text+": "+m.want) {
			t.Errorf("file, %s: %s", m.name, message)
		}
		if _, message, _ := machineSettings(t, "", "--"+of.flag()+"="+m.text); !strings.Contains(message, "--"+of.flag()) || !strings.HasSuffix(message, m.want) {
			t.Errorf("flag, %s: %s", m.name, message)
		}
		t.Setenv(of.environment(), m.text)
		if _, message, _ := machineSettings(t, ""); message != of.environment()+"="+m.text+": "+m.want {
			t.Errorf("environment, %s: %s", m.name, message)
		}
		os.Unsetenv(of.environment())
	}
}

func named(name string) setting {
	for _, known := range allSettings() {
		if known.name == name {
			return known
		}
	}
	panic(name)
}

// TestDefaultsPassTheirChecks: whoever writes a default out is not refused.
func TestDefaultsPassTheirChecks(t *testing.T) {
	for _, known := range allSettings() {
		if err := known.check(known.initial); err != nil {
			t.Errorf("%s: %v", known.name, err)
		}
	}
}

func TestMistakesOfConfigFiles(t *testing.T) {
	for file, want := range map[string]string{
		"store: [a, b]\n":                       "config file FILE:1:8: store: want one value",
		"store: ''\n":                           `config file FILE:1:8: store: "": it is empty`,
		"a: 1\n":                                `config file FILE:1:1: unknown setting "a"; the settings are store, devices,`,
		"quiet: true\nstroe: x\n":               `config file FILE:2:1: unknown setting "stroe": did you mean store?`,
		"slurm:\n  partion: gpu\n":              `config file FILE:2:3: unknown setting "slurm.partion": did you mean slurm.partition?`,
		"slurm: gpu\n":                          "config file FILE:1:8: want settings, such as store: /srv/runs",
		"quiet: true\nQuiet: false\n":           "config file FILE:2:1: quiet is given twice, first in line 1",
		"slurm: {qos: a}\nslurm.qos: b\n":       "config file FILE:2:1: slurm.qos is given twice, first in line 1",
		"slurm: {extra: [[a]]}\n":               "config file FILE:1:17: slurm.extra: want a list of texts",
		"store: \"x\n":                          "config file FILE: line 2: found unexpected end of stream",
		"- store\n":                             "config file FILE:1:1: want settings, such as store: /srv/runs",
		"config: other.yaml\n":                  `config file FILE:1:1: unknown setting "config"; the settings are`,
		"":                                      "",
		"# nothing\n":                           "",
		"store:\nslurm:\n":                      "",
		"slurm: &s {partition: gpu}\n":          "",
		"x: &x 5s\ncheckpoint-every: *x\n":      `config file FILE:1:1: unknown setting "x"`,
		"stall: &x 60m\ncheckpoint-every: *x\n": "",
	} {
		if _, message, err := machineSettings(t, file); !strings.HasPrefix(message, want) || (err == nil) != (want == "") {
			t.Errorf("%q: %s", file, message)
		}
	}
}

func TestHomeFolders(t *testing.T) {
	t.Setenv("HOME", "/home/me")
	s, message, err := machineSettings(t, "store: ~/kizu-runs\npython: \"~\"\n", "--home=~/kizu")
	if err != nil || s.path(setStore) != "/home/me/kizu-runs" || s.path(setHome) != "/home/me/kizu" || s.path(setPython) != "/home/me" {
		t.Errorf("%s, %s, %s, %s", s.path(setStore), s.path(setHome), s.path(setPython), message)
	}
	t.Setenv("KIZU_STORE", "~/elsewhere")
	if s, _, err := machineSettings(t, ""); err != nil || s.path(setStore) != "/home/me/elsewhere" {
		t.Errorf("%s, %v", s.path(setStore), err)
	}
	t.Setenv("HOME", "")
	if _, message, _ := machineSettings(t, ""); message != "KIZU_STORE=~/elsewhere: ~ stands for the home folder, and HOME is not set: write it out" {
		t.Error(message)
	}
}

// TestVariablesThatSeemMeant: a mistyped variable is no setting without a word.
func TestVariablesThatSeemMeant(t *testing.T) {
	for variable, want := range map[string]string{
		"KIZU_STOR":       "KIZU_STORE",
		"KIZU_SLURM_MEM":  "KIZU_SLURM_MEMORY",
		"KIZU_CHECKPOINT": "KIZU_CHECKPOINT_EVERY",
		"KIZU_CHAOS":      "",
		"KIZU_SLURM":      "", // of which there are many
	} {
		t.Setenv(variable, "x")
		_, message, err := machineSettings(t, "")
		if err != nil || want == "" && message != "" || want != "" && !strings.Contains(message, variable+" is no setting of kizu: did you mean "+want+"?") {
			t.Errorf("%s: %s", variable, message)
		}
		os.Unsetenv(variable)
	}
}

// TestHowGPUsCompute: workers are told by variables, whoever said it, and in the words that they know.
func TestHowGPUsCompute(t *testing.T) {
	usual, _, err := machineSettings(t, "")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := usual.cuda(), []string{"KIZU_CUDA_TF32=convolutions", "KIZU_CUDA_BENCHMARK=false", "KIZU_CUDA_DETERMINISTIC=false"}; !slices.Equal(got, want) {
		t.Errorf("by default %q, want %q", got, want)
	}
	t.Setenv("KIZU_CUDA_BENCHMARK", "1")
	s, _, err := machineSettings(t, "cuda: {tf32: all, benchmark: false}\n", "--cuda-deterministic")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := s.cuda(), []string{"KIZU_CUDA_TF32=all", "KIZU_CUDA_BENCHMARK=true", "KIZU_CUDA_DETERMINISTIC=true"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	_, message, _ := machineSettings(t, "cuda: {tf32: true}\n")
	if want := "config file FILE:1:14: cuda.tf32: true: want one of: off, convolutions, all"; message != want {
		t.Errorf("%s, want %s", message, want)
	}
}
