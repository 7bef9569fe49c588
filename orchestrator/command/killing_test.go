package command_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// artifacts STORE N requires exactly N committed artifacts in a store.
func artifacts(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	if got := len(committed(ts.MkAbs(args[0]))); (got == want) == neg {
		ts.Fatalf("%d artifacts in %s, negated %v, want %d", got, args[0], neg, want)
	}
}

func committed(store string) []string {
	found, _ := filepath.Glob(filepath.Join(store, "artifacts", "*", "*", "manifest.json"))
	return found
}

// killwhen N host|worker EXPERIMENT starts `kizu run`, and kills the host or
// the worker with SIGKILL as soon as N artifacts are committed and a further
// task is being computed. The run's exit code is not looked at.
func killWhen(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	program, err := exec.LookPath("kizu")
	ts.Check(err)
	cmd := exec.Command(program, "run", args[2])
	cmd.Dir, cmd.Env = ts.MkAbs("."), append(os.Environ(), environment(ts)...)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	ts.Check(cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for killed := false; ; {
		select {
		case <-ended:
			if !killed {
				ts.Fatalf("the run ended before it could be killed:\n%s", output.String())
			}
			ts.Logf("%s", output.String())
			return
		case <-tick.C:
			if killed || len(committed(ts.MkAbs("runs"))) < n || !computing(ts.MkAbs("runs")) {
				continue
			}
			victim := cmd.Process.Pid
			if args[1] == "worker" {
				victim = childOf(victim)
			}
			ts.Check(syscall.Kill(victim, syscall.SIGKILL))
			killed = true
		}
	}
}

// environment is what the script's own commands run with.
func environment(ts *testscript.TestScript) []string {
	var env []string
	for _, name := range []string{"KIZU_HOME", "KIZU_DEVICES", "HF_HUB_OFFLINE", "OMP_NUM_THREADS", "HOME"} {
		env = append(env, name+"="+ts.Getenv(name))
	}
	return env
}

// computing reports whether a stage has begun to write, or has its folder.
func computing(store string) bool {
	entries, _ := os.ReadDir(filepath.Join(store, "staging"))
	return len(entries) > 0
}

// childOf finds a process's only child.
func childOf(parent int) int {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		// pid (name) state ppid …; the name may hold spaces.
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		if len(fields) > 1 && fields[1] == strconv.Itoa(parent) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			return pid
		}
	}
	return 0
}
