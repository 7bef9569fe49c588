package command_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// newFaultyLab is a Slurm lab for faults that take minutes.
func newFaultyLab(t *testing.T) *lab {
	t.Helper()
	l := newSlurmLab(t)
	if os.Getenv("KIZU_SLURM_FAULTS") == "" {
		t.Skip("KIZU_SLURM_FAULTS=1 make test-slurm runs it: it takes minutes")
	}
	return l
}

// slurmd is the process of a node's slurmd.
func (l *lab) slurmd(node string) int {
	l.Helper()
	text, err := os.ReadFile(filepath.Join(os.Getenv("KIZU_SLURM_CLUSTER"), node+".pid"))
	pid, err2 := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || err2 != nil {
		l.Fatal(err, err2)
	}
	return pid
}

// onNode lists the processes of the jobs on a node, each of which has the node's
// name in its environment, and before them the daemons that started them.
func onNode(node string) (pids []int) {
	paths, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(text), "SLURMD_NODENAME="+node+"\x00") || !strings.Contains(string(text), os.Getenv("SLURM_CONF")) {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		pids = append(pids, pid)
		if parent, name := parentOf(pid); name == "slurmstepd" {
			pids = append([]int{parent}, pids...)
		}
	}
	return pids
}

// parentOf is a process's parent, and its name.
func parentOf(pid int) (parent int, name string) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:])); len(fields) > 1 {
		parent, _ = strconv.Atoi(fields[1])
	}
	comm, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", parent))
	return parent, strings.TrimSpace(string(comm))
}

// restart starts a node's slurmd again.
func (l *lab) restart(node string) {
	l.Helper()
	l.slurm("slurmd", "-N", node)
	for began := time.Now(); time.Since(began) < patience; time.Sleep(time.Second) {
		if state := l.slurm("sinfo", "--noheader", "--nodes="+node, "--partition=main", "--format=%t"); state == "idle" || state == "mix" || state == "alloc" {
			return
		}
	}
	l.Fatalf("%s does not come back", node)
}

// spread are the arguments of a run whose two workers are on different nodes.
func spread(args ...string) []string {
	return append([]string{"run", "pair.yaml", "--store", "runs"}, onSlurm(append(args, "--slurm-cpus", "2")...)...)
}

// TestSlurmNodeDies: a node loses its power in the middle of a training. Its
// lease runs out, and the worker on the other node goes on from the checkpoint.
func TestSlurmNodeDies(t *testing.T) {
	l := newFaultyLab(t)
	l.writePair(600)
	run := l.start(spread()...)
	l.training("runs", 2)
	for _, pid := range append([]int{l.slurmd("n2")}, onNode("n2")...) {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	killed := time.Now()
	output := l.done(run)
	t.Logf("ended %s after the node died:\n%s%s", time.Since(killed).Round(time.Second), output, l.logs())
	l.restart("n2")
	l.says(output, `9 tasks run in`)
	l.says(l.taskLogs("runs"), `going on from the checkpoint at step`)
	l.emptyQueue()
	l.sameAsUninterrupted()
}

// TestSlurmSlurmdDies: the daemon of a node is killed, its job is not: that one
// goes on, and Slurm starts the element again elsewhere. Both are workers like
// any other.
func TestSlurmSlurmdDies(t *testing.T) {
	l := newFaultyLab(t)
	l.writePair(600)
	run := l.start(spread()...)
	l.training("runs", 2)
	if err := syscall.Kill(l.slurmd("n2"), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	output := l.done(run)
	t.Logf("%s%s", output, l.logs())
	l.restart("n2")
	l.emptyQueue()
	l.sameAsUninterrupted()
}

// TestSlurmTimeLimit: trainings that take longer than a job may stop in time,
// write a checkpoint, and go on in the next round of the job.
func TestSlurmTimeLimit(t *testing.T) {
	l := newFaultyLab(t)
	l.writePair(700)
	run := l.start("run", "pair.yaml", "--store", "runs", "--executor", "slurm", "--slurm-time", "1", "--slurm-grace", "20s", "--slurm-workers", "2")
	output := l.done(run)
	t.Logf("%s%s", output, l.logs())
	l.says(l.logs(), `^kizu: the time of the job is nearly up; job \d+_\d goes back into the queue$`)
	l.says(l.taskLogs("runs"), `going on from the checkpoint at step`)
	l.sameAsUninterrupted()
}

// TestSlurmTimeLimitTooShort: a job that gets nowhere in its time does not go
// back into the queue for ever; the run ends and says what to raise.
func TestSlurmTimeLimitTooShort(t *testing.T) {
	l := newFaultyLab(t)
	l.write("pair.yaml", []byte(strings.Replace(pair, "steps: 150, batch_size: 1", "steps: 1000, batch_size: 64", 1)))
	output := l.run(1, "run", "pair.yaml", "--store", "runs", "--executor", "slurm", "--slurm-time", "1", "--slurm-grace", "58s", "--slurm-workers", "1")
	l.says(output, `FAILED on n\d`, `the time of job \d+_0 did not suffice to finish a task or reach a checkpoint: raise slurm\.time`, `tasks were not run: no job is left in the queue`)
	t.Log(output)
}

// TestSlurmPreemption: a more urgent job takes both nodes in the middle of two
// trainings; when it has ended they go on from their checkpoints.
func TestSlurmPreemption(t *testing.T) {
	l := newFaultyLab(t)
	l.writePair(600)
	run := l.start(spread()...)
	l.training("runs", 2)
	l.slurm("sbatch", "--partition=urgent", "--nodes=2", "--cpus-per-task=2", "--ntasks-per-node=1", "--output=/dev/null", "--wrap=sleep 20")
	output := l.done(run)
	t.Logf("%s%s", output, l.logs())
	l.says(l.logs(), `DUE TO PREEMPTION`)
	l.says(l.taskLogs("runs"), `going on from the checkpoint at step`)
	l.sameAsUninterrupted()
}
