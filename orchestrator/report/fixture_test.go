package report

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/image/bmp" // its files are the same from every version of Go

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/experiment"
	"kizu/orchestrator/model"
	"kizu/orchestrator/plan"
	"kizu/orchestrator/stage"
	"kizu/orchestrator/store"
)

// studies is a small experiment with everything that a report shows.
const studies = `
name: small
question: Do generated defects help?
seeds: [0, 1]
dataset: {format: folders, root: photos, noun: nut, good: good, defects: [crack, hole]}
base: base
lora: {steps: 20, batch_size: 2, resolution: 32}
patterns:
  defect: crack
  show: 8
  baseline: true
  matrix:
    - {defect_images: 6, regularization_images: [0, 8]}
    - {defect_images: 6, regularization_images: 8, steps: [5, 80]}
conditions:
  test: {good: 20, defects: 10}
  lora: {good_images: 6, defect_images: 4}
  training_sets:
    real: {good: {real: 6}, defects: {real: 4}}
    generated: {good: {generated: 10}, defects: {generated: 10}}
    real & generated: {good: {real: 6, generated: 10}, defects: {real: 4, generated: 10}}
classifier: {weights: none, resolution: 32, steps: 5}
`

// fixture is an experiment with its photos and a store.
type fixture struct {
	t     *testing.T
	dir   string
	plan  *plan.Plan
	store *store.Store
	right map[string]int // of ten test images, how many each condition finds

	near   float64                           // how far generated images lie from a training photo; 0 for farther and farther
	moved  float64                           // how far the autoencoder moves a photo; two photos are about 1 apart
	beyond float64                           // how far generated images lie beyond autoencoded test photos, in a classifier's features
	adjust func(*plan.Task, *store.Manifest) // before it is committed; nil for nothing
}

// finished is the experiment with every task done. It is made once, since
// committing waits for the disk: tests must not write into its store.
func finished(t *testing.T) *fixture {
	t.Helper()
	shared.once.Do(func() {
		dir, err := os.MkdirTemp("", "kizu-report-*")
		if err != nil {
			t.Fatal(err)
		}
		shared.fixture = *newFixtureIn(t, dir, studies)
		shared.fixture.commitAll(nil)
	})
	f := shared.fixture
	f.t = t
	return &f
}

var shared struct {
	once    sync.Once
	fixture fixture
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.fixture.dir != "" {
		_ = os.RemoveAll(shared.fixture.dir)
	}
	os.Exit(code)
}

// newFixture writes photos and plans an experiment on them.
func newFixture(t *testing.T, text string, classes ...string) *fixture {
	t.Helper()
	return newFixtureIn(t, t.TempDir(), text, classes...)
}

func newFixtureIn(t *testing.T, dir, text string, classes ...string) *fixture {
	t.Helper()
	f := &fixture{t: t, dir: dir, moved: 0.01, beyond: 1.5, right: map[string]int{"real": 6, "generated": 7, "real & generated": 9}}
	if len(classes) == 0 {
		classes = []string{"good", "crack", "hole"}
	}
	for number, class := range classes {
		for i := range 30 {
			var file bytes.Buffer
			f.check(bmp.Encode(&file, drawing(32, number, i)))
			f.write(filepath.Join("photos", class, fmt.Sprintf("%03d.bmp", i)), file.Bytes())
		}
	}
	f.write("base/model_index.json", []byte("{}"))
	exp, err := experiment.Parse("small.yaml", f.dir, []byte(text))
	f.check(err)
	set, err := dataset.Scan("folders", filepath.Join(f.dir, "photos"), classes)
	f.check(err)
	base, err := model.FindBase(nil, exp.Base, f.dir)
	f.check(err)
	tests := map[string]int{}
	for _, class := range classes {
		tests[class] = exp.TestCount(class)
	}
	division, err := dataset.Divide(set, classes, dataset.Tests{Counts: tests}, nil, 0)
	f.check(err)
	f.plan, err = plan.Build(exp, plan.Inputs{
		Set: set, Division: division, Base: base, Weights: map[string]*model.Weights{"none": {Name: "none"}},
		Versions: map[string]int{stage.KindTrainLoRA: 1, stage.KindGenerate: 1, stage.KindAutoencode: 1, stage.KindClassify: 1, stage.KindDetect: 1, stage.KindMeasure: 1, stage.KindChoose: 1, stage.KindJudge: 1},
	})
	f.check(err)
	f.store, err = store.Open(filepath.Join(f.dir, "runs"))
	f.check(err)
	return f
}

// drawing is a picture that no other number of its class shows.
func drawing(size, class, number int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, size, size))
	for i := range size * size {
		img.Set(i%size, i/size, color.RGBA{uint8(60 * class), uint8(8 * number), uint8(4 * (i % size)), 255})
	}
	return img
}

func (f *fixture) check(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) write(name string, text []byte) {
	f.t.Helper()
	path := filepath.Join(f.dir, name)
	f.check(os.MkdirAll(filepath.Dir(path), 0o755))
	f.check(os.WriteFile(path, text, 0o644))
}

// commitAll stores an artifact for every task that keep wants; nil keeps all.
func (f *fixture) commitAll(keep func(*plan.Task) bool) {
	f.t.Helper()
	for i, task := range f.plan.Tasks {
		if keep == nil || keep(task) {
			f.commit(i, task)
		}
	}
}

// commit stores what a task's stage would write, with made-up contents.
func (f *fixture) commit(number int, task *plan.Task) {
	f.t.Helper()
	staging, err := f.store.Begin(task.Kind, task.Key)
	f.check(err)
	started := time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC).Add(time.Duration(number) * time.Minute)
	manifest := &store.Manifest{
		Kind: task.Kind, Key: task.Key, Identity: task.Identity(), Device: "cpu",
		Versions: map[string]string{"python": "3.11.2", "torch": "2.15.0", "diffusers": "0.42.1"},
		Started:  started, Finished: started.Add(42 * time.Second),
	}
	switch spec := task.Spec.(type) {
	case stage.TrainLoRA:
		manifest.Result = trained(spec)
	case stage.Generate:
		manifest.Result = f.generate(staging.Dir(), spec)
	case stage.Choose:
		manifest.Result = f.choose(staging.Dir(), spec)
	case stage.Autoencode:
		manifest.Result = fmt.Appendf(nil, `{"images": %d}`, spec.Made())
	case stage.Measure:
		manifest.Result = f.measure(staging.Dir(), spec)
	case stage.Judge:
		manifest.Result = f.judge(staging.Dir(), task, spec)
	case stage.Detect:
		manifest.Result = f.detect(staging.Dir(), spec)
	case stage.Classify:
		manifest.Result = f.classify(staging.Dir(), task, spec)
	}
	if f.adjust != nil {
		f.adjust(task, manifest)
	}
	f.check(staging.Commit(manifest))
}

// collect reads the report.
func (f *fixture) collect(failures map[string]string) *Report {
	f.t.Helper()
	r, err := Collect(f.plan, f.store, failures)
	f.check(err)
	return r
}
