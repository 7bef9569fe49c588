package export

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/experiment"
	"kizu/orchestrator/model"
	"kizu/orchestrator/plan"
	"kizu/orchestrator/stage"
	"kizu/orchestrator/store"
)

// study has conditions whose names no file system takes, or that differ by case alone.
const study = `
name: small
question: Do they help?
seeds: [0, 1]
dataset: {format: mvtec, root: photos, noun: nut, good: good, defects: [crack]}
base: base
lora: {steps: 20, batch_size: 2, resolution: 32}
generate: {method: inpaint, mask: blobs}
patterns: {matrix: [{defect_images: 2}]}
conditions:
  test: {good: 2, defects: 2}
  lora: {good_images: 3, defect_images: 2}
  training_sets:
    real: {good: {real: 3}, defects: {real: 2}}
    Real: {good: {real: 2}, defects: {real: 2}}
    a/b: {good: {real: 2, generated: 2}, defects: {real: 2, generated: 2}}
    "a:b": {good: {real: 2}, defects: {real: 2, decoded: 2, generated: 1}}
classifier: {weights: none, resolution: 32, steps: 5}
`

type fixture struct {
	*testing.T
	dir   string
	plan  *plan.Plan
	store *store.Store
}

// shared is made once, since committing waits for the disk.
var shared fixture

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.dir != "" {
		_ = os.RemoveAll(shared.dir)
	}
	os.Exit(code)
}

// finished is the study with every task done, on photos of MVTec AD's layout, two of which have
// one name.
func finished(t *testing.T) *fixture {
	f := &fixture{T: t}
	if shared.dir == "" {
		dir, err := os.MkdirTemp("", "kizu-export-*")
		f.check(err)
		f.dir = dir
		f.make()
		shared = *f
	}
	*f = shared
	f.T = t
	return f
}

func (f *fixture) make() {
	t := f.T
	for i, name := range strings.Fields("train/good/000 train/good/001 train/good/002 test/good/000 test/good/001 test/crack/000 test/crack/001 test/crack/002 test/crack/003") {
		f.write("photos/"+name+".png", picture(t, uint8(10*i)))
		if in, ok := strings.CutPrefix(name, "test/crack"); ok {
			f.write("photos/ground_truth/crack"+in+"_mask.png", picture(t, 255))
		}
	}
	f.write("photos/license.txt", []byte("CC BY 4.0\n\nand more"))
	f.write("base/model_index.json", []byte("{}"))
	exp, err := experiment.Parse("small.yaml", f.dir, []byte(study))
	f.check(err)
	set, err := dataset.Scanner{}.Scan(dataset.Folder{Format: "mvtec", Root: filepath.Join(f.dir, "photos"), Classes: exp.Dataset.Classes(), Masks: dataset.Masks{Needed: true}})
	f.check(err)
	base, err := model.FindBase(nil, exp.Base, f.dir)
	f.check(err)
	division, err := dataset.Divide(set, exp.Dataset.Classes(), dataset.Tests{Counts: map[string]int{"good": 2, "crack": 2}}, nil, 0)
	f.check(err)
	versions := map[string]int{}
	for _, kind := range stage.Kinds() {
		versions[kind] = 1
	}
	f.plan, err = plan.Build(exp, plan.Inputs{Set: set, Division: division, Base: base, Weights: map[string]*model.Weights{"none": {Name: "none"}}, Versions: versions})
	f.check(err)
	f.store, err = store.Open(filepath.Join(f.dir, "runs"))
	f.check(err)
	for _, task := range f.plan.Tasks {
		f.commit(task)
	}
}

func (f *fixture) check(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) write(name string, text []byte) {
	f.Helper()
	path := filepath.Join(f.dir, name)
	f.check(os.MkdirAll(filepath.Dir(path), 0o755))
	f.check(os.WriteFile(path, text, 0o644))
}

func picture(t *testing.T, shade uint8) []byte {
	img, text := image.NewGray(image.Rect(0, 0, 4, 4)), bytes.Buffer{}
	img.SetGray(1, 2, color.Gray{Y: shade | 1})
	if err := png.Encode(&text, img); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

// commit stores what a task would write, with made-up contents that no other task has.
func (f *fixture) commit(task *plan.Task) {
	f.Helper()
	staging, err := f.store.Begin(task.Kind, task.Key)
	f.check(err)
	put := func(name string, text []byte) {
		path := filepath.Join(staging.Dir(), name)
		f.check(os.MkdirAll(filepath.Dir(path), 0o755))
		f.check(os.WriteFile(path, text, 0o644))
	}
	switch spec := task.Spec.(type) {
	case stage.TrainLoRA:
		put("pytorch_lora_weights.safetensors", []byte(task.Key))
		put("kohya_lora.safetensors", safetensors(map[string]string{"kizu_recipe": "{}"}, []byte(task.Key)))
		put("training.json", nil)
		put("optimizer.safetensors", []byte("only to go on from"))
	case stage.Generate:
		for i := range spec.Count {
			put(fmt.Sprintf("images/%04d.png", i), []byte(fmt.Sprint(task.Key, i)))
			put(fmt.Sprintf("masks/%04d.png", i), []byte(fmt.Sprint("mask", task.Key, i)))
		}
	case stage.Autoencode:
		for i := range spec.Images {
			put(fmt.Sprintf("images/%04d.png", i), []byte(fmt.Sprint(task.Key, i)))
		}
	case stage.Classify:
		put("model.json", []byte("{}"))
		put("model.safetensors", []byte(task.Key))
	}
	f.check(staging.Commit(&store.Manifest{Kind: task.Kind, Key: task.Key, Identity: task.Identity()}))
}

func (f *fixture) export(ctx context.Context, to, format string, link bool) ([]Part, error) {
	return Write(ctx, f.plan, f.store, nil, to, link, Marker{Study: "small", Plan: "p", What: What, Format: format})
}

// tree is the contents of every file below a folder, by path.
func (f *fixture) tree(dir string) map[string]string {
	f.Helper()
	files := map[string]string{}
	f.check(filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		files[name] = string(text)
		return err
	}))
	return files
}

func (f *fixture) has(tree map[string]string, paths ...string) {
	f.Helper()
	for _, path := range paths {
		if _, ok := tree[path]; !ok {
			f.Errorf("%s is missing", path)
		}
	}
}

// below counts the files below a folder of a tree.
func below(tree map[string]string, folder string) (n int) {
	for path := range tree {
		if strings.HasPrefix(path, folder+"/") {
			n++
		}
	}
	return n
}

func TestImageFolder(t *testing.T) {
	f := finished(t)
	to := t.TempDir()
	parts, err := f.export(t.Context(), to, "imagefolder", false)
	f.check(err)
	tree := f.tree(to)
	f.has(tree, "README.md", "lineage.csv", "kizu-export.json",
		"training-sets/a_b/seed-1/crack/generated-0001.png", "training-masks/a_b/seed-1/crack/generated-0001.png",
		"training-sets/a_b-2/seed-0/crack/decoded-0001.png", "training-sets/a_b-2/seed-0/crack/generated-0000.png",
		"loras/2 defect, 0 regularization/seed-0/kohya.safetensors", "loras/good/seed-1/pytorch_lora_weights.safetensors",
		"classifiers/Real-2/seed-1/model.safetensors")
	for folder, want := range map[string]int{
		"training-sets/real/all-seeds": 5, "training-sets/Real-2/all-seeds": 4, "training-sets/a_b/seed-0": 8, "training-sets/a_b-2/seed-1": 7,
		"training-masks/real": 2, "test": 4, "test-masks/crack": 2, "test-masks": 2, "loras/crack/seed-0": 3, "classifiers/real/seed-0": 2,
	} {
		if got := below(tree, folder); got != want {
			t.Errorf("%s has %d files, not %d", folder, got, want)
		}
	}
	if !strings.Contains(tree["README.md"], "- Photos: license.txt: CC BY 4.0\n") || !strings.Contains(tree["README.md"], "training set a/b, seed-0: generated:4 mask:6 photo:4") {
		t.Error(tree["README.md"])
	}
	lower := map[string]string{}
	for path := range tree {
		if other := lower[strings.ToLower(path)]; other != "" {
			t.Errorf("%s and %s are one file where case makes no difference", path, other)
		}
		lower[strings.ToLower(path)] = path
	}
	f.lineage(tree, parts)
}

// lineage makes sure that every file has its row, and that of an image says what it is.
func (f *fixture) lineage(tree map[string]string, parts []Part) {
	rows, err := csv.NewReader(strings.NewReader(tree["lineage.csv"])).ReadAll()
	f.check(err)
	listed := []string{"README.md", "kizu-export.json", "lineage.csv"}
	for _, row := range rows[1:] {
		listed = append(listed, row[0])
	}
	slices.Sort(listed)
	if want := slices.Sorted(maps.Keys(tree)); !slices.Equal(listed, want) {
		f.Errorf("lineage of %q, files %q", listed, want)
	}
	for _, part := range parts {
		for _, file := range part.files {
			if file.Path != "training-sets/a_b/seed-1/crack/generated-0001.png" {
				continue
			}
			if source, ok := f.plan.Image(stage.ByHash(f.sum(file.Photo))); !ok || source.Class != "good" {
				f.Errorf("it starts from %q", file.Photo)
			}
			if file.Method != "inpaint" || file.LoRA == "" || file.ImageSeed == "" || file.Artifact == "" || file.Seed != "seed-1" {
				f.Errorf("%+v", file.Row)
			}
		}
	}
}

// sum is the hash of a photo by its name.
func (f *fixture) sum(name string) string {
	for _, img := range f.plan.Set.Images {
		if img.Name == name {
			return img.SHA256
		}
	}
	return ""
}

func TestAnomalib(t *testing.T) {
	f := finished(t)
	to := t.TempDir()
	_, err := f.export(t.Context(), to, "anomalib", false)
	f.check(err)
	tree := f.tree(to)
	f.has(tree, "training-sets/real/all-seeds/train/good/00002.png", "training-sets/a_b/seed-0/train/good/00003.png",
		"training-sets/a_b/seed-0/test/good/00001.png", "training-sets/a_b/seed-0/test/crack/00001.png", "training-sets/a_b/seed-0/ground_truth/crack/00001_mask.png",
		"training-defects/a_b/seed-0/crack/00003.png", "training-masks/a_b/seed-0/crack/00003_mask.png")
	if n := below(tree, "test") + below(tree, "training-masks/a_b/seed-0/good"); n > 0 {
		t.Errorf("%d files are where anomalib has none", n)
	}
	marked, err := png.Decode(strings.NewReader(tree["training-sets/a_b/seed-0/ground_truth/crack/00000_mask.png"]))
	f.check(err)
	if marked.At(1, 2) != (color.Gray{Y: 255}) || marked.At(0, 0) != (color.Gray{}) {
		t.Error("the mask is another")
	}

	first := &f.plan.Division.Test["crack"][0]
	marking := first.Marking
	defer func() { first.Marking = marking }()
	first.Marking = nil // without one mask there are none
	bare := t.TempDir()
	_, err = f.export(t.Context(), bare, "anomalib", false)
	f.check(err)
	if n := below(f.tree(bare), "training-sets/real/all-seeds/ground_truth"); n != 0 {
		t.Errorf("%d masks", n)
	}
}

// TestMissing: what lacks an artifact is left out whole and named, and added later.
func TestMissing(t *testing.T) {
	f := finished(t)
	away := map[string]string{}
	for _, task := range f.plan.Tasks {
		if strings.Contains(task.Label, "images crack, study 2") && strings.Contains(task.Label, "seed 1") {
			dir := f.store.Dir(task.Kind, task.Key)
			away[dir] = filepath.Join(t.TempDir(), "away")
			f.check(os.Rename(dir, away[dir]))
		}
	}
	to := t.TempDir()
	parts, err := f.export(t.Context(), to, "imagefolder", false)
	f.check(err)
	var lacking []string
	for _, part := range parts {
		if part.Lacks != "" {
			lacking = append(lacking, part.Name)
		}
	}
	tree := f.tree(to)
	if want := []string{"a/b, seed-1", "a:b, seed-1"}; !slices.Equal(lacking, want) || below(tree, "training-sets/a_b/seed-1") > 0 || !strings.Contains(tree[markerFile], `"partial"`) {
		t.Errorf("left out: %q, %s", lacking, tree[markerFile])
	}
	for dir, place := range away {
		f.check(os.Rename(place, dir))
	}
	_, err = f.export(t.Context(), to, "imagefolder", false)
	f.check(err)
	atOnce := t.TempDir()
	_, err = f.export(t.Context(), atOnce, "imagefolder", false)
	f.check(err)
	if tree := f.tree(to); !maps.Equal(tree, f.tree(atOnce)) || !strings.Contains(tree[markerFile], `"whole"`) {
		t.Error("what is added later is not what is exported at once")
	}
	for dir, place := range away { // what is whole is not made less
		f.check(os.Rename(dir, place))
		_, err = f.export(t.Context(), to, "imagefolder", false)
		f.check(os.Rename(place, dir))
		if err == nil || !strings.Contains(err.Error(), "stays as it is") || !maps.Equal(f.tree(to), f.tree(atOnce)) {
			t.Error(err)
		}
	}
}

// stopping is a context that ends when it has been looked at so often.
type stopping struct {
	context.Context
	left *int
}

func (s stopping) Err() error {
	if *s.left--; *s.left < 0 {
		return context.Canceled
	}
	return nil
}

// TestGoesOn: stopped again and again, each time with a half-written file left, an export ends
// as one that was not stopped, and what was there is not written again.
func TestGoesOn(t *testing.T) {
	f, whole, to := finished(t), t.TempDir(), t.TempDir()
	_, err := f.export(t.Context(), whole, "imagefolder", false)
	f.check(err)
	for stop := 0; ; stop += 15 {
		before, left := f.tree(to), stop
		infos := map[string]os.FileInfo{}
		for path := range before {
			infos[path], err = os.Stat(filepath.Join(to, path))
			f.check(err)
		}
		f.check(errors.Join(os.MkdirAll(filepath.Join(to, stagingDir), 0o755), os.WriteFile(filepath.Join(to, stagingDir, "left"), []byte("hal"), 0o644)))
		_, err := f.export(stopping{t.Context(), &left}, to, "imagefolder", false)
		for path, info := range infos {
			if now, err := os.Stat(filepath.Join(to, path)); err == nil && !os.SameFile(info, now) && path != markerFile {
				t.Errorf("%s is written again", path)
			}
		}
		if err == nil {
			break
		}
		if !errors.Is(err, context.Canceled) || !strings.Contains(f.tree(to)[markerFile], `"unfinished"`) {
			t.Fatal(err)
		}
	}
	if !maps.Equal(f.tree(to), f.tree(whole)) {
		t.Error("what was stopped ends otherwise")
	}
}

// TestDamaged: what is not as it was is not exported, and what is damaged in an export is
// mended.
func TestDamaged(t *testing.T) {
	f := finished(t)
	to := t.TempDir()
	var lora *plan.Task
	for _, task := range f.plan.Tasks {
		if task.Kind == stage.KindTrainLoRA && lora == nil {
			lora = task
		}
	}
	path := filepath.Join(f.store.Dir(lora.Kind, lora.Key), "pytorch_lora_weights.safetensors")
	f.check(os.WriteFile(path, []byte("another"), 0o644))
	parts, err := f.export(t.Context(), to, "imagefolder", false)
	f.check(err)
	i := slices.IndexFunc(parts, func(p Part) bool { return p.Lacks != "" })
	if i < 0 || parts[i].Kind != "LoRA" || !strings.Contains(parts[i].Lacks, path) || below(f.tree(to), "loras/2 defect, 0 regularization/seed-0") > 0 {
		t.Fatalf("%v", parts)
	}
	f.check(os.WriteFile(path, []byte(lora.Key), 0o644))
	f.check(os.WriteFile(filepath.Join(to, "classifiers/real/seed-0/model.json"), []byte("edited"), 0o644))
	_, err = f.export(t.Context(), to, "imagefolder", false)
	f.check(err)
	if tree := f.tree(to); tree["classifiers/real/seed-0/model.json"] != "{}" || !strings.Contains(tree[markerFile], `"whole"`) {
		t.Error(tree[markerFile])
	}
}

// TestLinks: an edit in an export reaches the store only where links were asked for.
func TestLinks(t *testing.T) {
	f := finished(t)
	for _, link := range []bool{false, true} {
		to := t.TempDir()
		_, err := f.export(t.Context(), to, "imagefolder", link)
		f.check(err)
		task := f.plan.Cells[len(f.plan.Cells)-1].Classify
		ours, err := os.Stat(filepath.Join(to, "classifiers/a_b-2/seed-1/model.safetensors"))
		f.check(err)
		theirs, err := os.Stat(filepath.Join(f.store.Dir(task.Kind, task.Key), "model.safetensors"))
		f.check(err)
		if os.SameFile(ours, theirs) != link {
			t.Errorf("link %v", link)
		}
	}
}

func TestClaim(t *testing.T) {
	m := Marker{Study: "small", Plan: "p", What: What, Format: "imagefolder"}
	for name, c := range map[string]struct {
		file string
		text []byte
		want string
	}{
		"empty":         {"", nil, ""},
		"began":         {stagingDir + "/x", nil, ""},
		"same":          {markerFile, marshal(m), ""},
		"foreign":       {"thesis.tex", nil, "has files and is no export of kizu"},
		"other study":   {markerFile, marshal(Marker{Study: "large"}), "is an export of large with other tasks"},
		"other plan":    {markerFile, marshal(Marker{Study: "small", Plan: "q", What: What, Format: "imagefolder"}), "is an export of small with other"},
		"other format":  {markerFile, marshal(Marker{Study: "small", Plan: "p", What: What, Format: "anomalib"}), "--format"},
		"less":          {markerFile, marshal(Marker{Study: "small", Plan: "p", What: What[:1], Format: "imagefolder"}), "--what"},
		"not a marker":  {markerFile, []byte("{"), "name another folder"},
		"below a file":  {"", nil, "not a directory"},
		"in no folder ": {"", nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if c.file != "" {
				path := filepath.Join(dir, c.file)
				if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, c.text, 0o644)); err != nil {
					t.Fatal(err)
				}
			}
			switch name {
			case "below a file":
				if err := os.WriteFile(filepath.Join(dir, "f"), nil, 0o644); err != nil {
					t.Fatal(err)
				}
				dir = filepath.Join(dir, "f")
			case "in no folder ":
				dir = filepath.Join(dir, "a", "b")
			}
			if _, err := claim(dir, m); (c.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}
