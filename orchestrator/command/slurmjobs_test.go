package command_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"kizu/orchestrator/store"
)

// pair is an experiment of two trainings of a few seconds and no more, so that
// both can be interrupted.
const pair = `
name: pair
dataset: {format: folders, root: data, noun: board, defects: [scratch]}
base: tiny-sd
lora: {rank: 2, steps: 150, batch_size: 1, resolution: 64}
generate: {strength: 0.5, steps: 2, guidance: 2}
patterns: {show: 1, matrix: [{defect_images: [2, 3], regularization_images: 0}]}
classifier: {weights: none, resolution: 32}
`

// tasks of pair: two trainings, their images, and features of these and of photos.
const pairTasks = 9

// uninterrupted holds the artifacts of pair.yaml by its text, from runs here.
var uninterrupted = map[string]map[string]string{}

// writePair writes pair.yaml with trainings of so many steps.
func (l *lab) writePair(steps int) {
	l.Helper()
	l.write("pair.yaml", []byte(strings.Replace(pair, "steps: 150", fmt.Sprintf("steps: %d", steps), 1)))
}

// sameAsUninterrupted requires the store "runs" to equal that of a local run.
func (l *lab) sameAsUninterrupted() {
	l.Helper()
	text, err := os.ReadFile(filepath.Join(l.dir, "pair.yaml"))
	if err != nil {
		l.Fatal(err)
	}
	if uninterrupted[string(text)] == nil {
		l.run(0, "run", "pair.yaml", "--store", "local")
		if uninterrupted[string(text)] = l.artifacts("local"); len(uninterrupted[string(text)]) != pairTasks {
			l.Fatalf("%d tasks", len(uninterrupted[string(text)]))
		}
	}
	l.equal(uninterrupted[string(text)], l.artifacts("runs"))
	l.kept = map[string]string{}
	l.nothingLost("runs")
	st, err := store.Open(filepath.Join(l.dir, "runs"))
	if err == nil {
		_, err = st.Sweep() // what a killed worker was writing
	}
	if err != nil {
		l.Fatal(err)
	}
	l.onceEach("runs")
}

// training waits until n trainings have a checkpoint and go on.
func (l *lab) training(name string, n int) {
	l.Helper()
	for began := time.Now(); time.Since(began) < patience; time.Sleep(50 * time.Millisecond) {
		at, _ := filepath.Glob(filepath.Join(l.dir, name, "checkpoints", "*", "*", "optimizer.safetensors"))
		if len(at) >= n {
			return
		}
	}
	l.Fatalf("no training has a checkpoint%s", l.logs())
}

// job is the id of the latest submission to a store.
func (l *lab) job(name string) string {
	l.Helper()
	paths, _ := filepath.Glob(filepath.Join(l.dir, name, "logs", "*", "slurm.json"))
	if len(paths) == 0 {
		l.Fatal("nothing was submitted")
	}
	text, err := os.ReadFile(paths[len(paths)-1])
	match := regexp.MustCompile(`"job":"(\d+)"`).FindSubmatch(text)
	if err != nil || match == nil {
		l.Fatalf("%s, %v", text, err)
	}
	return string(match[1])
}

// TestSlurmSubmissions: what Slurm refuses is said in its words; a detached run
// is found again, shown, not submitted twice, and cancelled.
func TestSlurmSubmissions(t *testing.T) {
	l := newSlurmLab(t)
	l.writePair(150)
	run := func(args ...string) []string {
		return append([]string{"run", "pair.yaml", "--store", "runs"}, onSlurm(args...)...)
	}
	l.says(l.run(2, run("--slurm-partition", "nope")...), `^kizu: sbatch says: invalid partition specified: nope; Batch job submission failed: Invalid partition name specified$`)
	l.says(l.run(0, "cancel", "pair.yaml", "--store", "runs"), `^no job of pair is in the queue$`)

	l.says(l.run(0, run("--detach")...), `^job \d+ is submitted: 2 workers for 9 tasks$`, `^kizu status pair.yaml --store runs shows`)
	l.training("runs", 1)
	job := l.job("runs")
	l.says(l.run(0, "status", "pair.yaml", "--store", "runs"), `^job `+job+`: 2 running \(n[12].*\)$`, `^running for .* on n[12] \(job `+job+`_[01]\): \d of 9 tasks done$`, `^  cpu      (LoRA|autoencoded|features).*`)
	l.says(l.run(0, run("--detach")...), `^job `+job+` is at it already: 2 workers`)
	l.says(l.run(3, run("--set", "lora.steps=151")...), `^kizu: job `+job+`, submitted before the experiment changed: in use by another process`)
	if queued := l.slurm("squeue", "--noheader", "--array", "--name=kizu-pair", "--format=%i"); strings.Count(queued, "_") != 2 {
		t.Errorf("submitted twice:\n%s", queued)
	}

	l.says(l.run(0, "cancel", "pair.yaml", "--store", "runs"), `^job `+job+` is cancelled: 2 workers$`)
	l.gone()
	l.says(l.run(0, "status", "pair.yaml", "--store", "runs"), `^job `+job+`: 2 cancelled`, `^no run is going on$`)
	l.says(l.run(0, "report", "pair.yaml", "--store", "runs"), `^job `+job+`: 2 cancelled`, `missing`)
	if left, err := os.ReadDir(filepath.Join(l.dir, "runs", "claims")); err != nil || len(left) > 0 {
		t.Errorf("cancelled workers kept their claims: %v, %v%s", left, err, l.logs())
	}
	l.says(l.run(0, run()...), `9 tasks run in|tasks run in .*, \d reused`)
	l.sameAsUninterrupted()
	l.says(l.logs(), `going on from|elsewhere|started  LoRA`)
}

// TestSlurmFailures: a task that fails, fails once and is shown with its job.
func TestSlurmFailures(t *testing.T) {
	l := newSlurmLab(t)
	l.write("pair.yaml", []byte(strings.Replace(pair, "rank: 2,", "rank: 2, learning_rate: 1.0e+30,", 1)))
	output := l.run(1, append([]string{"run", "pair.yaml", "--store", "runs"}, onSlurm()...)...)
	l.says(output, `^2 tasks failed, 4 could not run because of them:$`, `the loss.*\(in job \d+_[01] on n[12]\)`, `^everything else is done and kept; go on with: kizu run pair.yaml --store runs --executor slurm$`)
	if strings.Contains(output, "still have elements") {
		t.Errorf("a job that has ended was said to be in the queue:\n%s", output)
	}
	if n := strings.Count(l.logs(), "failed   LoRA"); n < 2 {
		t.Errorf("%d failures in the logs:\n%s", n, l.logs())
	}
	l.says(l.run(0, "report", "pair.yaml", "--store", "runs"), `failed`)
}

// TestSlurmCancelAndRequeue: in the middle of two trainings, one element of the
// array is cancelled and the other put back into the queue. It goes on from the
// checkpoints of both.
func TestSlurmCancelAndRequeue(t *testing.T) {
	l := newSlurmLab(t)
	l.writePair(150)
	run := l.start(append([]string{"run", "pair.yaml", "--store", "runs"}, onSlurm()...)...)
	l.training("runs", 2)
	job := l.job("runs")
	l.slurm("scancel", job+"_0")
	l.slurm("scontrol", "requeue", job+"_1")
	output := l.done(run)
	l.says(output, `job `+job+`_0: CANCELLED`, `9 tasks run in`)
	l.sameAsUninterrupted()
	if n := strings.Count(l.taskLogs("runs"), "going on from the checkpoint at step"); n < 2 {
		t.Errorf("%d trainings went on from a checkpoint%s", n, l.taskLogs("runs"))
	}
	t.Log(output + l.logs())
}

// taskLogs is what the stages said.
func (l *lab) taskLogs(name string) string {
	var text strings.Builder
	paths, _ := filepath.Glob(filepath.Join(l.dir, name, "logs", "*", "*", "train_lora-*.log"))
	for _, path := range paths {
		content, _ := os.ReadFile(path)
		text.WriteString(path + ":\n" + string(content))
	}
	return text.String()
}
