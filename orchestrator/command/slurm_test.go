package command_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"kizu/orchestrator/store"
)

// lab is a folder with photos and experiments, and, where the test runs within
// scripts/slurm_cluster, a real Slurm.
type lab struct{ *chaos }

func newLab(t *testing.T) *lab {
	l := &lab{&chaos{T: t, dir: t.TempDir()}}
	l.setUp()
	return l
}

// newSlurmLab is a lab with Slurm; without one the test is skipped.
func newSlurmLab(t *testing.T) *lab {
	t.Helper()
	if os.Getenv("KIZU_SLURM_CLUSTER") == "" {
		t.Skip("make test-slurm runs it, on a Slurm of its own")
	}
	l := newLab(t)
	t.Cleanup(l.emptyQueue) // workers write until they end, which is after their tasks have
	return l
}

// emptyQueue ends all jobs of the cluster, which is the test's own.
func (l *lab) emptyQueue() {
	l.Helper()
	l.slurm("scancel", "--partition=main")
	l.gone()
}

// gone waits until no job works or waits.
func (l *lab) gone() {
	l.Helper()
	for began := time.Now(); time.Since(began) < patience; time.Sleep(200 * time.Millisecond) {
		if l.slurm("squeue", "--noheader", "--partition=main") == "" {
			return
		}
	}
	l.Fatalf("jobs stay in the queue:\n%s%s", l.slurm("squeue", "--array"), l.logs())
}

// kizu is a command that runs the program in the lab.
func (l *lab) kizu(args ...string) *exec.Cmd {
	l.Helper()
	home, err := filepath.Abs("../..")
	if err != nil {
		l.Fatal(err)
	}
	// Tasks that are computed together are rounded in another way than alone, and
	// which are depends on who is free: bytes are compared one by one.
	cmd := exec.Command(l.program, append(args, "--devices", "cpu", "--home", home, "--checkpoint-every", "1s", "--together", "1")...)
	cmd.Dir = l.dir
	cmd.Env = append(os.Environ(), "HF_HUB_OFFLINE=1", "OMP_NUM_THREADS=1")
	return cmd
}

// run runs the program to its end, which is to have a code, and returns what it
// printed.
func (l *lab) run(code int, args ...string) string {
	l.Helper()
	output, err := l.kizu(args...).CombinedOutput()
	got := 0
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		l.Fatal(err)
	}
	if got != code {
		l.Fatalf("kizu %s ended with %d, want %d:\n%s", strings.Join(args, " "), got, code, output)
	}
	return string(output)
}

// started is a program that runs beside the test.
type started struct {
	*exec.Cmd
	output *bytes.Buffer
	ended  chan error
}

func (l *lab) start(args ...string) *started {
	l.Helper()
	s := &started{l.kizu(args...), &bytes.Buffer{}, make(chan error, 1)}
	s.Stdout, s.Stderr = s.output, s.output
	if err := s.Start(); err != nil {
		l.Fatal(err)
	}
	go func() { s.ended <- s.Wait() }()
	l.Cleanup(func() { _ = s.Process.Kill() })
	return s
}

// done waits for a started program to end well.
func (l *lab) done(s *started) string {
	l.Helper()
	select {
	case err := <-s.ended:
		if err != nil {
			l.Fatalf("%s: %v\n%s%s", s, err, s.output, l.logs())
		}
	case <-time.After(5 * time.Minute):
		l.Fatalf("%s does not end%s", s, l.logs())
	}
	return s.output.String()
}

// logs is the output of all jobs.
func (l *lab) logs() string {
	var text strings.Builder
	paths, _ := filepath.Glob(filepath.Join(l.dir, "*", "logs", "*", "slurm-*.log"))
	for _, path := range paths {
		content, _ := os.ReadFile(path)
		text.WriteString("\n" + filepath.Base(path) + ":\n" + string(content))
	}
	return text.String()
}

// says requires a text to match.
func (l *lab) says(text string, patterns ...string) {
	l.Helper()
	for _, pattern := range patterns {
		if !regexp.MustCompile("(?m)" + pattern).MatchString(text) {
			l.Errorf("no %q in:\n%s", pattern, text)
		}
	}
}

// slurm runs a command of Slurm's.
func (l *lab) slurm(name string, args ...string) string {
	l.Helper()
	output, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		l.Fatalf("%s %v: %v\n%s", name, args, err, output)
	}
	return strings.TrimSpace(string(output))
}

// onSlurm are the arguments of a run on Slurm, besides the file and the store.
func onSlurm(args ...string) []string {
	return append([]string{"--executor", "slurm", "--slurm-time", "30", "--slurm-workers", "2"}, args...)
}

// TestExecutors is the contract of both executors: the same artifacts byte for
// byte, each computed once, and nothing the second time.
func TestExecutors(t *testing.T) {
	executors := map[string]func(*testing.T) (*lab, []string){
		"local": func(t *testing.T) (*lab, []string) { return newLab(t), nil },
		"slurm": func(t *testing.T) (*lab, []string) { return newSlurmLab(t), onSlurm() },
	}
	var want map[string]string
	for _, name := range []string{"local", "slurm"} {
		t.Run(name, func(t *testing.T) {
			l, args := executors[name](t)
			args = append([]string{"run", "tiny.yaml", "--store", "runs"}, args...)
			l.says(l.run(0, args...), `15 tasks run in .*, 0 reused`, `page: .*report\.html`)
			got := l.artifacts("runs")
			l.kept = map[string]string{}
			l.nothingLost("runs") // all bytes are those of the manifests
			l.onceEach("runs")
			if want == nil {
				want = got
			}
			l.equal(want, got)
			again := l.run(0, args...)
			l.says(again, `everything is reused: all 15 tasks are in the store`)
			if strings.Contains(again, "submitted") {
				t.Errorf("a job was submitted for nothing:\n%s", again)
			}
			l.namesJobs("runs", name == "slurm")
		})
	}
}

// namesJobs requires that manifests and the page say in which jobs tasks ran, if
// they ran in any.
func (l *lab) namesJobs(name string, jobs bool) {
	l.Helper()
	st, err := store.At(filepath.Join(l.dir, name))
	if err != nil {
		l.Fatal(err)
	}
	err = st.All(func(kind, key string) error {
		m, err := st.Manifest(kind, key)
		if err == nil && ((m.Job != nil) != jobs || jobs && (m.Job.ID == "" || m.Job.Index == "" || m.Job.Node != "n1" && m.Job.Node != "n2")) {
			l.Errorf("%s ran in %+v", m.Label, m.Job)
		}
		return err
	})
	page, err2 := os.ReadFile(filepath.Join(st.Reports("tiny"), "report.html"))
	if err := errors.Join(err, err2); err != nil {
		l.Fatal(err)
	}
	if named := regexp.MustCompile(`job \d+_\d+ on n[12]`).Match(page); named != jobs {
		l.Errorf("the page names jobs: %v", named)
	}
}
