package plan

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/experiment"
	"kizu/orchestrator/model"
	"kizu/orchestrator/stage"
)

// small has both studies, two step counts, and a condition without generated
// images; study is the part after the dataset.
const small = "name: small\ndataset: {format: folders, root: data, noun: board, defects: [crack, cut]}\n" + study

const study = `base: tiny
seeds: [0, 1]
lora: {rank: 2, steps: 10}
generate: {strength: 0.5, steps: 10}
patterns:
  show: 3
  baseline: true
  matrix:
    - {defect_images: [4, 2], regularization_images: [0, 3]}
    - {defect_images: 4, regularization_images: 3, steps: [5, 20]}
conditions:
  test: {good: 4, defects: 2}
  lora: {good_images: 3, defect_images: 2}
  training_sets:
    real: {good: {real: 3}, defects: {real: 2}}
    generated: {good: {generated: 4}, defects: {generated: 4}}
    both: {good: {real: 3, generated: 2}, defects: {real: 2, generated: 4}}
classifier: {weights: none, epochs: 2}
`

func parse(t testing.TB, text string) *experiment.Experiment {
	t.Helper()
	exp, err := experiment.Parse("test.yaml", t.TempDir(), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return exp
}

// photo is the i-th image of a class, without a file.
func photo(class string, i int) dataset.Image {
	name := fmt.Sprintf("%s/%03d.png", class, i)
	return dataset.Image{
		Name: name, Path: "/photos/" + name, Class: class,
		SHA256: fmt.Sprintf("%x", sha256.Sum256([]byte(name))),
	}
}

// photos are n images of each class.
func photos(counts map[string]int) *dataset.Set {
	set := &dataset.Set{Root: "/photos"}
	for _, class := range slices.Sorted(maps.Keys(counts)) {
		for i := range counts[class] {
			set.Images = append(set.Images, photo(class, i))
		}
	}
	return set
}

// inputs divides a set as Load does, for a base model with a known hash.
func inputs(t testing.TB, exp *experiment.Experiment, set *dataset.Set) Inputs {
	t.Helper()
	tests := map[string]int{}
	for _, class := range exp.Dataset.Classes() {
		tests[class] = exp.TestCount(class)
	}
	division, err := dataset.Divide(set, exp.Dataset.Classes(), dataset.Tests{Counts: tests}, nil, exp.Dataset.SplitSeed)
	if err != nil {
		t.Fatal(err)
	}
	return Inputs{
		Set: set, Division: division,
		Base:     &model.Base{Name: exp.Base, Path: "/models/" + exp.Base, SHA256: strings.Repeat("ba5e", 16)},
		Weights:  map[string]*model.Weights{exp.Classifier.Weights: {Name: exp.Classifier.Weights}},
		Versions: map[string]int{stage.KindTrainLoRA: 1, stage.KindGenerate: 1, stage.KindAutoencode: 1, stage.KindClassify: 1, stage.KindDetect: 1, stage.KindMeasure: 1, stage.KindChoose: 1},
	}
}

// smallInputs are enough photos for the small experiment.
func smallInputs(t testing.TB, exp *experiment.Experiment) Inputs {
	t.Helper()
	return inputs(t, exp, photos(map[string]int{"good": 10, "crack": 6, "cut": 6}))
}

func build(t testing.TB, exp *experiment.Experiment, in Inputs) *Plan {
	t.Helper()
	p, err := Build(exp, in)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// smallPlan plans the small experiment.
func smallPlan(t testing.TB) *Plan {
	t.Helper()
	exp := parse(t, small)
	return build(t, exp, smallInputs(t, exp))
}

// keys lists the keys of all tasks by label, which must be distinct.
func keys(t testing.TB, p *Plan) map[string]string {
	t.Helper()
	list := map[string]string{}
	for _, task := range p.Tasks {
		if _, twice := list[task.Label]; twice {
			t.Fatalf("two tasks are called %q", task.Label)
		}
		list[task.Label] = task.Key
	}
	return list
}

// find returns the cell of a name and seed.
func find(t testing.TB, p *Plan, name string, seed int64) Cell {
	t.Helper()
	for _, cell := range p.Cells {
		if cell.Name == name && cell.Seed == seed {
			return cell
		}
	}
	t.Fatalf("no cell %q at seed %d", name, seed)
	return Cell{}
}

// below lists the labels of the tasks for which f holds, and of all that need
// them.
func below(p *Plan, f func(*Task) bool) []string {
	reached := map[*Task]bool{}
	var labels []string
	for _, task := range p.Tasks { // inputs come first
		reached[task] = f(task) || slices.ContainsFunc(task.Needs, func(need *Task) bool { return reached[need] })
		if reached[task] {
			labels = append(labels, task.Label)
		}
	}
	slices.Sort(labels)
	return labels
}

func fails(t testing.TB, err error, texts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", texts)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("error %q, want %q in it", err, text)
		}
	}
}

// listed is a spec with every image listed, and with its references.
func listed[S stage.Spec](spec S) S {
	return spec.Resolve(func(ref stage.Ref) stage.Ref { return ref }).(S)
}
