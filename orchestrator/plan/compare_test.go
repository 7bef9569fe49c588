package plan

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/stage"
	"kizu/orchestrator/store"
)

var update = flag.Bool("update", false, "write testdata/view.json anew")

func openStore(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// commit makes a task's artifact, as far as a plan looks at it.
func commit(t *testing.T, s *store.Store, task *Task) {
	t.Helper()
	g, err := s.Begin(task.Kind, task.Key)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Commit(&store.Manifest{Kind: task.Kind, Key: task.Key, Identity: task.Identity()}); err != nil {
		t.Fatal(err)
	}
}

func TestCompare(t *testing.T) {
	p, s := smallPlan(t), openStore(t)
	if err := p.Compare(s); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(p.ToRun(), p.Tasks) {
		t.Errorf("%d of %d tasks to run in an empty store", len(p.ToRun()), len(p.Tasks))
	}
	ten := find(t, p, "4 defect, 3 regularization", 0).Train
	twenty := find(t, p, "4 defect, 3 regularization, 20 steps", 0).Train
	real := find(t, p, "real", 1).Classify
	commit(t, s, ten)
	commit(t, s, real)
	p = smallPlan(t) // another run
	if err := p.Compare(s); err != nil {
		t.Fatal(err)
	}
	for _, task := range p.Tasks {
		reuse, reason := false, "new"
		switch {
		case task.Key == ten.Key || task.Key == real.Key:
			reuse, reason = true, "in the store"
		case task.Resume != nil:
			reason = "new; continues " + task.Resume.ID
		}
		if task.Reuse != reuse || task.Reason != reason {
			t.Errorf("%s: reuse %v, %q", task.Label, task.Reuse, task.Reason)
		}
		if slices.Contains(p.ToRun(), task) == reuse {
			t.Errorf("%s is to be run, and reused %v", task.Label, reuse)
		}
	}
	if twenty.Resume != ten || find(t, p, "real", 1).Classify.Reason != "in the store" {
		t.Error("the wrong tasks were looked at")
	}
}

// TestManifestSaysWhatTheKeyIsOf: a key can be computed again from the manifest.
func TestManifestSaysWhatTheKeyIsOf(t *testing.T) {
	p, s := smallPlan(t), openStore(t)
	for _, task := range []*Task{p.Cells[0].Generate, find(t, p, "both", 0).Classify} {
		commit(t, s, task)
		m, err := s.Manifest(task.Kind, task.Key)
		if err != nil {
			t.Fatal(err)
		}
		var identity bytes.Buffer
		if err := json.Compact(&identity, m.Identity); err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(identity.Bytes()); hex.EncodeToString(sum[:]) != task.Key {
			t.Errorf("the manifest of %s describes another key: %s", task.Label, identity.Bytes())
		}
	}
}

// TestEarlier: the store's longest training of the same recipe that is shorter
// is the one to continue, whichever experiment made it.
func TestEarlier(t *testing.T) {
	const head = "name: a\ndataset: {format: folders, root: r, noun: x, defects: [crack]}\nbase: tiny\n"
	train := func(matrix string) *Task {
		exp := parse(t, head+"patterns: {matrix: [{defect_images: 2, "+matrix+"}]}\n")
		return build(t, exp, inputs(t, exp, photos(map[string]int{"good": 5, "crack": 5}))).Cells[0].Train
	}
	s := openStore(t)
	trainings := TrainingsOf(s)
	wanted := train("steps: 50")
	if key, _, err := trainings.Earlier(wanted); key != "" || err != nil {
		t.Errorf("an empty store has %q, %v", key, err)
	}
	for _, other := range []*Task{train("steps: 60"), train("steps: 50"), train("steps: 45, rank: 4"), train("steps: 45, regularization_images: 1")} {
		commit(t, s, other)
	}
	if key, _, _ := trainings.Earlier(wanted); key != "" {
		t.Errorf("continues %q, which is no shorter training of the recipe", key)
	}
	longest := train("steps: 40")
	for _, shorter := range []*Task{train("steps: 10"), longest, train("steps: 30")} {
		commit(t, s, shorter)
	}
	if key, done, err := trainings.Earlier(wanted); key != longest.Key || done != 0.8 || err != nil {
		t.Errorf("continues %q, %v; want %q", key, err, longest.Key)
	}
	if err := os.RemoveAll(s.Dir(stage.KindTrainLoRA, longest.Key)); err != nil {
		t.Fatal(err)
	}
	if _, done, err := trainings.Earlier(wanted); done != 0.6 || err != nil {
		t.Errorf("continues %v of the steps after the longest was set aside, %v; want those of the next", done, err)
	}
	if key, _, err := trainings.Earlier(find(t, smallPlan(t), "real", 0).Classify); key != "" || err != nil {
		t.Errorf("a classifier continues %q, %v", key, err)
	}
}

// TestView pins what `kizu plan --json` prints, keys included: when this test
// fails, every artifact that anybody has is computed again. -update accepts it.
func TestView(t *testing.T) {
	exp := parse(t, made)
	p, s := build(t, exp, smallInputs(t, exp)), openStore(t)
	commit(t, s, p.Tasks[0])
	if err := p.Compare(s); err != nil {
		t.Fatal(err)
	}
	got, err := json.MarshalIndent(p.View(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "view.json")
	if *update {
		if err := os.WriteFile(golden, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(bytes.TrimSpace(want), got) {
		t.Errorf("got\n%s", got)
	}
}

// TestViewOfNothing: lists are empty, not null.
func TestViewOfNothing(t *testing.T) {
	exp := parse(t, made)
	text, err := json.Marshal((&Plan{Experiment: exp, Set: &dataset.Set{}}).View())
	if err != nil || string(text) != `{"experiment":"made","changes":[],"photos":[],"cells":[],"tasks":[]}` {
		t.Errorf("%s, %v", text, err)
	}
}
