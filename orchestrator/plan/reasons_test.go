package plan

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"kizu/orchestrator/stage"
	"kizu/orchestrator/store"
)

// commitAll makes every task's artifact, as far as a plan looks at it.
func commitAll(t *testing.T, s *store.Store, p *Plan) {
	t.Helper()
	for _, task := range p.Tasks {
		g, err := s.Begin(task.Kind, task.Key)
		if err != nil {
			t.Fatal(err)
		}
		m := &store.Manifest{Kind: task.Kind, Key: task.Key, Label: task.Label, Identity: task.Identity()}
		if err := g.Commit(m); err != nil {
			t.Fatal(err)
		}
	}
}

// replanned plans the small experiment with a change, against a store that has
// all of it as it was.
func replanned(t *testing.T, old, new string, in func(*Inputs)) *Plan {
	t.Helper()
	s := openStore(t)
	commitAll(t, s, smallPlan(t))
	text := strings.Replace(small, old, new, 1)
	if old != "" && text == small {
		t.Fatalf("no %q in the experiment", old)
	}
	exp := parse(t, text)
	inputs := smallInputs(t, exp)
	if in != nil {
		in(&inputs)
	}
	p := build(t, exp, inputs)
	if err := p.Compare(s); err != nil {
		t.Fatal(err)
	}
	return p
}

// TestALearningRateIsTheOneReason: it reruns exactly what is below it, and is
// the only field that a training names; what follows names its inputs.
func TestALearningRateIsTheOneReason(t *testing.T) {
	p := replanned(t, "lora: {rank: 2, steps: 10}", "lora: {rank: 2, steps: 10, learning_rate: 3e-4}", nil)
	var rerun []string
	for _, task := range p.ToRun() {
		rerun = append(rerun, task.Label)
		for _, change := range task.Changes {
			want := "input"
			if task.Kind == stage.KindTrainLoRA {
				want = "learning_rate"
			}
			if change.Field != want || task.Before == "" {
				t.Errorf("%s: %v, since %q", task.Label, change, task.Before)
			}
		}
		if n := len(task.Changes); n == 0 || task.Kind != stage.KindClassify && n != 1 {
			t.Errorf("%s has %d differences", task.Label, n)
		}
		if task.Kind == stage.KindTrainLoRA && !strings.HasPrefix(task.Reason, "changed: learning_rate 0.0001 → 0.0003") {
			t.Errorf("%s: %s", task.Label, task.Reason)
		}
	}
	slices.Sort(rerun)
	if want := below(p, func(task *Task) bool { return task.Kind == stage.KindTrainLoRA }); !slices.Equal(rerun, want) {
		t.Errorf("reruns %q\nwant %q", rerun, want)
	}
}

// TestReasons are of one task each, found by its kind.
func TestReasons(t *testing.T) {
	for _, test := range []struct {
		name     string
		old, new string
		in       func(*Inputs)
		kind     string
		want     string
	}{
		{"a stage's version", "", "", func(in *Inputs) {
			in.Versions = maps.Clone(in.Versions)
			in.Versions[stage.KindClassify] = 2
		}, stage.KindClassify, "changed: version of the code 1 → 2"},
		{"more images to show", "show: 3", "show: 4", nil, stage.KindGenerate, "changed: count 3 → 4, sources 3 in all → good/000.png (1 of 4)"},
		{"fewer training images", "{good: {real: 3}, defects: {real: 2}}", "{good: {real: 2}, defects: {real: 2}}", nil,
			stage.KindClassify, "changed: train class 0 path good/00"},
		{"several fields", "{weights: none, epochs: 2}", "{weights: none, epochs: 3, batch_size: 5, weight_decay: 0.5, learning_rate: 0.1}", nil,
			stage.KindClassify, ", 1 more"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := replanned(t, test.old, test.new, test.in)
			for _, task := range p.ToRun() {
				if task.Kind == test.kind {
					if !strings.Contains(task.Reason, test.want) {
						t.Errorf("%s: %q, want %q in it", task.Label, task.Reason, test.want)
					}
					return
				}
			}
			t.Error("nothing is to be run")
		})
	}
}

// TestNothingIsRunAgainForNothing: a name, the order of keys, a comment, and
// the place of the photos are no reasons.
func TestNothingIsRunAgainForNothing(t *testing.T) {
	p := replanned(t, "name: small\n", "# a comment\nname: another\n", func(in *Inputs) {
		for i := range in.Set.Images {
			in.Set.Images[i].Path = "/moved" + in.Set.Images[i].Path
		}
	})
	if n := len(p.ToRun()); n > 0 {
		t.Errorf("%d tasks are run again", n)
	}
}

// TestWhatIsGone: an artifact that was made once and is not there any more is
// no new one.
func TestWhatIsGone(t *testing.T) {
	s, p := openStore(t), smallPlan(t)
	commitAll(t, s, p)
	gone := find(t, p, "both", 0).Classify
	if err := os.RemoveAll(s.Dir(gone.Kind, gone.Key)); err != nil {
		t.Fatal(err)
	}
	if err := p.Compare(s); err != nil {
		t.Fatal(err)
	}
	if toRun := p.ToRun(); len(toRun) != 1 || toRun[0].Reason != "made before, and not there any more: removed, or found damaged" {
		t.Errorf("%d tasks to run", len(toRun))
	}
}

func TestWhy(t *testing.T) {
	p := replanned(t, "lora: {rank: 2, steps: 10}", "lora: {rank: 4, steps: 10}", nil)
	task, err := p.Find("LoRA cut, study 2, seed 1")
	if err != nil {
		t.Fatal(err)
	}
	why := p.Why(task)
	var users []string
	for _, user := range why.UsedBy {
		users = append(users, user.Label)
	}
	if !slices.Equal(users, []string{"20 images cut, study 2, seed 1", `classifier "generated", seed 1`, `classifier "both", seed 1`}) {
		t.Errorf("used by %q", users)
	}
	if len(why.Cells) != 2 || why.Cells[0].Name != "generated" || why.Cells[0].Seed != 1 {
		t.Errorf("cells %+v", why.Cells)
	}
	if len(why.Images) != 2 || len(why.Images[0].Names) != 2 || !strings.HasPrefix(why.Images[1].Way, "regularization image") {
		t.Errorf("images %+v", why.Images)
	}
	var fields []string
	for _, change := range why.Task.Changes {
		fields = append(fields, change.String())
	}
	if !slices.Equal(fields, []string{"alpha 2 → 4", "rank 2 → 4"}) || why.Before == "" {
		t.Errorf("changes %q", fields)
	}
	classifier, err := p.Find(`classifier "both", seed 1`)
	if err != nil {
		t.Fatal(err)
	}
	if why := p.Why(classifier); len(why.Needs) != 7 {
		t.Errorf("made from %d tasks, want three LoRAs, their images and autoencoded photos", len(why.Needs))
	}
}

func TestFind(t *testing.T) {
	p := smallPlan(t)
	task := find(t, p, "real", 1).Classify
	for _, text := range []string{task.ID, task.Key, task.Label, task.Key[:9], task.ID[:15], `classifier "real", seed 1`} {
		if found, err := p.Find(text); err != nil || found != task {
			t.Errorf("%q: %v, %v", text, found, err)
		}
	}
	_, err := p.Find("seed 1")
	fails(t, err, `tasks are called "seed 1"; give one of:`, task.ID)
	_, err = p.Find("nowhere")
	fails(t, err, `no task is called "nowhere"`)
}

// TestForecast: rates come from this host and these devices, the latest first.
func TestForecast(t *testing.T) {
	p := smallPlan(t)
	task := find(t, p, "4 defect, 0 regularization", 0).Train
	images := find(t, p, "no LoRA", 0).Generate
	entry := func(host, device string, seconds float64, bytes int64) store.Entry {
		return store.Entry{Kind: stage.KindTrainLoRA, Key: "k", Host: host, Device: device, Seconds: seconds, Effort: task.Spec.Effort(), Bytes: bytes}
	}
	for range recent { // too long ago
		p.journal = append(p.journal, entry("here", "cuda:0", 1e6, 1))
	}
	p.journal = append(p.journal, entry("there", "cuda:0", 1e6, 1), entry("here", "cpu", 1e6, 1))
	for range recent / 2 {
		p.journal = append(p.journal, entry("here", "cuda:0", 10, 100), entry("here", "cuda:0", 30, 300))
	}
	f := p.Forecast([]*Task{task, task, images}, "here", []string{"cuda:0"})
	if f.Seconds != 40 || f.Bytes != 400 || !slices.Equal(f.Unknown(), []string{stage.KindGenerate}) || len(f.Kinds) != 2 || f.Kinds[0].From != recent {
		t.Errorf("%+v", f)
	}
	if f := p.Forecast(nil, "here", nil); len(f.Kinds) > 0 || f.Seconds != 0 {
		t.Errorf("of nothing: %+v", f)
	}
}
