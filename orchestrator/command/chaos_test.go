package command_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"kizu/orchestrator/execute/progress"
	"kizu/orchestrator/store"
)

// tiny is the smallest experiment that has every kind of task, a training that
// continues another, and checkpoints.
const tiny = `
name: tiny
dataset: {format: folders, root: data, noun: board, defects: [scratch]}
base: tiny-sd
lora: {rank: 2, steps: 4, batch_size: 1, resolution: 64}
generate: {strength: 0.5, steps: 2, guidance: 2}
patterns:
  show: 1
  matrix:
    - {defect_images: 2, regularization_images: 1, steps: [3, 6]}
conditions:
  test: {good: 2, defects: 2}
  lora: {good_images: 2, defect_images: 2}
  training_sets:
    both: {good: {real: 2, generated: 1}, defects: {real: 2, generated: 1}}
classifier: {weights: none, resolution: 32, steps: 6, batch_size: 4, folds: 2}
`

// How the tasks of a store are computed, by the start of its name.
const apart, together = "one-by-one", "together"

// chaos kills a running experiment again and again.
type chaos struct {
	*testing.T
	dir     string
	program string
	kills   map[string]int    // by victim
	moments map[string]int    // by what was going on
	kept    map[string]string // manifests of committed artifacts, by kind/key
}

// TestChaos kills the host, the worker or both with SIGKILL at random moments
// until the experiment is done, and holds that no artifact is lost, none is
// computed again, and all equal those of an uninterrupted run: byte for byte
// where tasks are computed one by one, and but for the last bits, which depend on
// how many share a batch, where they are computed together.
// KIZU_CHAOS says how many kills there are: `make chaos` asks for 200.
func TestChaos(t *testing.T) {
	wanted := 4
	if testing.Short() {
		t.Skip("make test-slow runs it")
	}
	if text := os.Getenv("KIZU_CHAOS"); text != "" {
		var err error
		if wanted, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	c := &chaos{T: t, dir: t.TempDir(), kills: map[string]int{}, moments: map[string]int{}}
	c.setUp()
	c.finish(apart)
	want := c.artifacts(apart)
	rounds, runs := 0, 0
	for ; c.total() < wanted; rounds++ {
		name := []string{apart, together}[rounds%2] + strconv.Itoa(rounds)
		c.kept = map[string]string{}
		for done := false; !done && c.total() < wanted; runs++ {
			done = c.killOnce(name)
			c.nothingLost(name)
		}
		c.finish(name) // also once the last kill is done
		c.nothingLost(name)
		if strings.HasPrefix(name, together) {
			c.alike(want, c.artifacts(name))
		} else {
			c.equal(want, c.artifacts(name))
		}
		c.onceEach(name)
		if err := os.RemoveAll(filepath.Join(c.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	fmt.Printf("%d kills (%v) while %v, in %d runs over %d stores: every store's %d artifacts equal the uninterrupted ones (every second store's, computed together, but for rounding), none was lost, none computed twice after its commit\n",
		c.total(), c.kills, c.moments, runs, rounds, len(want))
}

func (c *chaos) total() (n int) {
	for _, kills := range c.kills {
		n += kills
	}
	return n
}

// setUp writes photos and the experiment, and finds the program.
func (c *chaos) setUp() {
	c.Helper()
	for _, class := range []string{"good", "scratch"} {
		for i := range 6 {
			var file bytes.Buffer
			if err := png.Encode(&file, picture(class, i)); err != nil {
				c.Fatal(err)
			}
			c.write(filepath.Join("data", class, fmt.Sprintf("%d.png", i)), file.Bytes())
		}
	}
	c.write("tiny.yaml", []byte(tiny))
	// This test's own binary is the program when it is called so: see TestMain.
	self, err := os.Executable()
	if err != nil {
		c.Fatal(err)
	}
	c.program = filepath.Join(c.dir, "kizu")
	if err := os.Link(self, c.program); err != nil {
		content, err := os.ReadFile(self)
		if err != nil {
			c.Fatal(err)
		}
		c.write("kizu", content)
		if err := os.Chmod(c.program, 0o755); err != nil {
			c.Fatal(err)
		}
	}
}

func (c *chaos) write(name string, content []byte) {
	c.Helper()
	path := filepath.Join(c.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		c.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		c.Fatal(err)
	}
}

// command runs the experiment in a store.
func (c *chaos) command(name string) (*exec.Cmd, *bytes.Buffer) {
	home, err := filepath.Abs("../..")
	if err != nil {
		c.Fatal(err)
	}
	cmd := exec.Command(c.program, "run", "tiny.yaml", "--store", name, "--devices", "cpu", "--home", home, "--checkpoint-every", "0s")
	if strings.HasPrefix(name, apart) {
		cmd.Args = append(cmd.Args, "--together", "1")
	}
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), "HF_HUB_OFFLINE=1", "OMP_NUM_THREADS=1")
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	return cmd, &output
}

// finish runs until everything is done.
func (c *chaos) finish(name string) {
	c.Helper()
	cmd, output := c.command(name)
	if err := cmd.Run(); err != nil {
		c.Fatalf("%v\n%s", err, output)
	}
}

// killOnce starts a run and kills something at a random moment, and reports
// whether the run was done with everything before.
func (c *chaos) killOnce(name string) (done bool) {
	cmd, output := c.command(name)
	if err := cmd.Start(); err != nil {
		c.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	victim := []string{"host", "worker", "both"}[rand.IntN(3)]
	if !c.await(name, ended, cmd.Process.Pid, victim) {
		return true
	}
	worker := childOf(cmd.Process.Pid)
	if victim != "worker" {
		_ = syscall.Kill(cmd.Process.Pid, syscall.SIGKILL)
	}
	if victim != "host" && worker > 0 {
		_ = syscall.Kill(worker, syscall.SIGKILL)
	}
	c.kills[victim]++
	if victim == "worker" { // the host is to go on with a new one
		err := <-ended
		if err != nil {
			c.Fatalf("the host did not survive its worker: %v\n%s", err, output)
		}
		return true
	}
	<-ended
	for range 15_000 { // a worker whose host is gone ends by itself, on a busy machine in minutes
		if worker == 0 || syscall.Kill(worker, 0) != nil {
			return false
		}
		time.Sleep(20 * time.Millisecond)
	}
	c.Fatalf("worker %d outlived its host", worker)
	return false
}

// await waits for a random moment: some time after the start, or after a random
// number of further artifacts, at some moment of what follows. It is false if
// the run ends before.
func (c *chaos) await(name string, ended chan error, host int, victim string) bool {
	dir := filepath.Join(c.dir, name)
	before, further := len(committed(dir)), max(0, rand.IntN(16)-4)
	delay := time.Duration(rand.IntN(300)) * time.Millisecond
	if further == 0 {
		delay *= 20 // the first task waits for its worker to start
	}
	var since time.Time
	for {
		select {
		case err := <-ended:
			if err != nil {
				c.Fatalf("a run that was left alone ended with %v", err)
			}
			return false
		case <-time.After(time.Millisecond):
		}
		if len(committed(dir)) < before+further || victim != "host" && childOf(host) == 0 {
			continue
		}
		if since.IsZero() {
			since = time.Now()
		}
		if time.Since(since) >= delay {
			c.moments[c.atHand(dir)]++
			return true
		}
	}
}

// atHand is the kind of the task that writes at the moment.
func (c *chaos) atHand(dir string) string {
	entries, _ := os.ReadDir(filepath.Join(dir, "staging"))
	for _, entry := range entries {
		if _, task, ok := strings.Cut(entry.Name(), "~"); ok && entry.IsDir() {
			kind, _, _ := strings.Cut(task, "-")
			return kind
		}
	}
	return "no task"
}

// nothingLost requires that what was committed before is there as it was, and
// that everything that has a key is whole.
func (c *chaos) nothingLost(name string) {
	c.Helper()
	now := map[string]string{}
	for _, path := range committed(filepath.Join(c.dir, name)) {
		text, err := os.ReadFile(path)
		if err != nil {
			c.Fatal(err)
		}
		key := filepath.Base(filepath.Dir(path))
		now[filepath.Base(filepath.Dir(filepath.Dir(path)))+"/"+key] = string(text)
	}
	for artifact, manifest := range c.kept {
		if now[artifact] != manifest {
			c.Fatalf("%s was lost or made again:\n%s\n%s", artifact, manifest, now[artifact])
		}
	}
	c.kept = now
	st, err := store.At(filepath.Join(c.dir, name))
	if err != nil {
		c.Fatal(err)
	}
	if err := st.All(st.Verify); err != nil {
		c.Fatal(err)
	}
	if err := groupsHeld(filepath.Join(c.dir, name), progress.FaultCause); err != nil {
		c.Fatal(err)
	}
}

// artifacts reads what every artifact is, without what is about its run. That
// the bytes are those of the hashes, nothingLost makes sure.
func (c *chaos) artifacts(name string) map[string]string {
	c.Helper()
	st, err := store.At(filepath.Join(c.dir, name))
	if err != nil {
		c.Fatal(err)
	}
	found := map[string]string{}
	err = st.All(func(kind, key string) error {
		m, err := st.Manifest(kind, key)
		if err != nil {
			return err
		}
		text, err := json.Marshal(store.Manifest{
			Kind: m.Kind, Key: m.Key, Label: m.Label, Identity: m.Identity, Inputs: m.Inputs, Result: m.Result, Files: m.Files,
			Versions: m.Versions, Device: m.Device,
		})
		found[kind+"/"+key] = string(text)
		return err
	})
	if err != nil {
		c.Fatal(err)
	}
	return found
}

// alike requires the same artifacts with the same files, and losses that lie far
// nearer to those of the same trainings than trainings lie to each other: how much
// rounding moves a loss is the processor's affair.
func (c *chaos) alike(want, got map[string]string) {
	c.Helper()
	type artifact struct {
		Kind   string
		Result map[string]any
		Files  []struct{ Name string }
	}
	apart := nearestLosses(want)
	for key, text := range want {
		var one, other artifact
		if err := errors.Join(json.Unmarshal([]byte(text), &one), json.Unmarshal([]byte(got[key]), &other)); err != nil {
			c.Fatalf("%s: %v", key, err)
		}
		if loss, ok := one.Result["final_loss"].(float64); ok {
			if now, _ := other.Result["final_loss"].(float64); math.Abs(now-loss) > apart/100 {
				c.Errorf("%s: final loss %g instead of %g, and no two trainings are nearer than %g", key, now, loss, apart)
			}
			delete(one.Result, "final_loss")
			delete(other.Result, "final_loss")
		}
		if one.Kind != "classify" && !reflect.DeepEqual(one.Result, other.Result) || !reflect.DeepEqual(one.Files, other.Files) {
			c.Errorf("%s differs:\n%s\n%s", key, got[key], text)
		}
	}
	c.equal(keysOf(want), keysOf(got))
}

// nearestLosses is how far the nearest final losses of two trainings lie apart.
func nearestLosses(artifacts map[string]string) float64 {
	var losses []float64
	for _, text := range artifacts {
		var one struct{ Result map[string]any }
		if json.Unmarshal([]byte(text), &one) == nil {
			if loss, ok := one.Result["final_loss"].(float64); ok {
				losses = append(losses, loss)
			}
		}
	}
	slices.Sort(losses)
	nearest := math.Inf(1)
	for i := 1; i < len(losses); i++ {
		nearest = min(nearest, losses[i]-losses[i-1])
	}
	return nearest
}

func keysOf(artifacts map[string]string) map[string]string {
	keys := map[string]string{}
	for key := range artifacts {
		keys[key] = key
	}
	return keys
}

func (c *chaos) equal(want, got map[string]string) {
	c.Helper()
	for artifact := range want {
		if got[artifact] != want[artifact] {
			c.Errorf("%s differs:\n%s\n%s", artifact, got[artifact], want[artifact])
		}
	}
	if len(got) != len(want) {
		c.Errorf("%d artifacts instead of %d", len(got), len(want))
	}
	if c.Failed() {
		c.FailNow()
	}
}

// onceEach requires that no key was committed twice, and that nothing is left
// over.
func (c *chaos) onceEach(name string) {
	c.Helper()
	st, err := store.At(filepath.Join(c.dir, name))
	if err != nil {
		c.Fatal(err)
	}
	entries, err := st.Journal()
	if err != nil {
		c.Fatal(err)
	}
	times := map[string]int{}
	for _, entry := range entries {
		if times[entry.Key]++; times[entry.Key] > 1 {
			c.Errorf("%s was committed twice", entry.Label)
		}
	}
	for _, folder := range []string{"staging", "checkpoints", "damaged"} {
		if left, err := os.ReadDir(filepath.Join(c.dir, name, folder)); err != nil || len(left) > 0 {
			c.Errorf("left in %s: %v %v", folder, left, err)
		}
	}
}
