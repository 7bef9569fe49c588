package report

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"kizu/orchestrator/plan"
	"kizu/orchestrator/stage"
	"kizu/orchestrator/store"
)

// onProcessor is the finished experiment, computed on a processor.
func onProcessor(t *testing.T, name string) *fixture {
	return inEnvironments(t, func(_ *plan.Task, m *store.Manifest) { m.Environment.Processor = name })
}

// publish publishes what a fixture came to, and reads it again.
func (f *fixture) publish() published {
	f.t.Helper()
	path, err := f.collect(nil).Publish()
	f.check(err)
	p, err := readPublished(path)
	f.check(err)
	return p
}

// published replaces what was published before.
func (f *fixture) published(p published) {
	f.t.Helper()
	text, err := json.Marshal(p)
	f.check(err)
	f.write("published/small.json", text)
}

// says holds what the table says of what was published, however it is wrapped.
func (f *fixture) says(want string) {
	f.t.Helper()
	if text := tableOf(f.t, f.collect(nil)); !strings.Contains(text, want) {
		f.t.Errorf("no %q in:\n%s", want, text[max(0, len(text)-600):])
	}
}

func TestPublished(t *testing.T) {
	f := onProcessor(t, "Processor A")
	if text := tableOf(t, f.collect(nil)); strings.Contains(text, "published") {
		t.Errorf("nothing was published, yet:\n%s", text)
	}
	p := f.publish()
	if n := len(f.plan.Tasks); len(p.Artifacts) != n || len(p.Environments) != 1 || p.Environments[0].Tasks != n {
		t.Fatalf("%d artifacts, environments %+v", len(p.Artifacts), p.Environments)
	}
	f.says("the published table, byte for byte: all ")
	text, err := os.ReadFile(filepath.Join(f.dir, "published", "small.txt"))
	f.check(err)
	if strings.Contains(string(text), "published") || !strings.Contains(string(text), "real & generated") {
		t.Errorf("the table that is published:\n%s", text)
	}
	f.write("published/small.txt", append(text, "and more\n"...))
	f.says("though small.txt is missing or shows the table in another way")
	f.write("published/small.txt", text)

	// What is published of a run is not compared with itself in silence.
	f.says("byte for byte: all 50 artifacts are those of published/small.json, which was written from them\n")
	p.Runs = []string{"another"}
	f.published(p)
	f.says("byte for byte: all 50 artifacts are those of published/small.json\n")

	// On another processor the same comes out, which is noted.
	p.Environments[0].Processor = "Processor B"
	f.published(p)
	f.says("the published table, byte for byte")
	for range 2 {
		if p = f.publish(); len(p.Environments) != 2 || p.Environments[0].Processor != "Processor B" || p.Environments[1].Processor != "Processor A" {
			t.Errorf("environments %+v", p.Environments)
		}
	}
}

func TestPublishedDiffers(t *testing.T) {
	if testing.Short() {
		t.Skip("make test-slow runs it")
	}
	f := onProcessor(t, "Processor A")
	right := f.publish()
	change := func(adjust func(*published)) {
		var p published
		text, err := json.Marshal(right)
		f.check(err)
		f.check(json.Unmarshal(text, &p))
		adjust(&p)
		f.published(p)
	}

	change(func(p *published) {
		p.Environments[0].Processor = "Processor B"
		p.Artifacts[2].Contents, p.Artifacts[5].Contents = "other", "other"
		p.Artifacts[2].Together = 4
	})
	f.says("the published table, though not made from the published artifacts: 2 of 50 differ")
	f.write("published/small.txt", []byte("another table\n"))
	f.says("not the published table: 2 of 50 differ")
	f.says("the first of them " + right.Artifacts[2].Task + "; it was made on cpu, Processor A, AVX512, 2 threads, kizu 0123456789ab")
	f.says("the published one with processor Processor B, in a group of 1, the published one in a group of 4\n")
	if p := f.publish(); len(p.Environments) != 1 || p.Environments[0].Processor != "Processor A" {
		t.Errorf("other bytes were published as the same: %+v", p.Environments)
	}

	change(func(p *published) { p.Artifacts[0].Contents = "other" })
	f.says("nothing else that is recorded differs")
	change(func(p *published) { p.Artifacts[3].Key = "other" })
	f.says("not compared with published/small.json, which is of other tasks: " + right.Artifacts[3].Task + " is not there with this key")
	change(func(p *published) { p.Artifacts = append(p.Artifacts, p.Artifacts[0]) })
	f.says("not compared with published/small.json, which is of other tasks: there are 51, and 50 here")
	change(func(p *published) { p.Experiment = "other" })
	f.says("not compared with published/small.json, which is of the experiment other")
	whole, err := json.Marshal(right)
	f.check(err)
	for _, text := range []string{"{", "null", "{}", `{"artifacts": []}`, string(whole) + "<<<<<<<", string(whole) + string(whole)} {
		f.write("published/small.json", []byte(text))
		f.says("not compared with published/small.json, which cannot be read: ")
	}
	path := filepath.Join(f.dir, "published", "small.json")
	f.check(errors.Join(os.Remove(path), syscall.Mkfifo(path, 0o600)))
	f.says("not compared with published/small.json, which cannot be read: " + path + " is a named pipe and no file")
	f.check(os.Remove(path))

	// A file that was changed on the disk is not what its manifest says.
	f.published(right)
	damaged := filepath.Join(f.store.Dir(stage.KindClassify, f.plan.Cells[len(f.plan.Cells)-1].Classify.Key), "predictions.csv")
	text, err := os.ReadFile(damaged)
	f.check(err)
	f.check(os.WriteFile(damaged, append([]byte("x"), text[1:]...), 0o644))
	f.says("not compared with published/small.json: artifact classify/")
	if _, err := f.collect(nil).Publish(); err == nil || !strings.Contains(err.Error(), "predictions.csv has other contents; kizu verify sets it aside") {
		t.Errorf("published nevertheless: %v", err)
	}
	f.check(os.WriteFile(damaged, text, 0o644))

	f.plan.Experiment.Changes = []string{"rank=3"}
	if text := tableOf(t, f.collect(nil)); strings.Contains(text, "published") {
		t.Errorf("another form of the experiment was compared:\n%s", text)
	}
	if _, err := f.collect(nil).Publish(); err == nil || !strings.Contains(err.Error(), "not as --set rank=3 changes it") {
		t.Errorf("published nevertheless: %v", err)
	}
}

func TestHalfIsNotPublished(t *testing.T) {
	f := newFixture(t, studies)
	f.commitAll(func(task *plan.Task) bool { return task.Kind != stage.KindClassify })
	r := f.collect(nil)
	if _, err := r.Publish(); err == nil || !strings.Contains(err.Error(), "finish the run first") {
		t.Errorf("published nevertheless: %v", err)
	}
	runs, artifacts, err := r.artifacts()
	f.check(err)
	all := published{Experiment: "small", Runs: runs, Environments: r.record.list(), Artifacts: artifacts}
	for _, task := range f.plan.Tasks {
		if task.Kind == stage.KindClassify {
			all.Artifacts = append(all.Artifacts, publishedArtifact{Task: task.Label, Kind: task.Kind, Key: task.Key})
		}
	}
	f.published(all)
	f.says("byte for byte, and 6 are missing")
}
