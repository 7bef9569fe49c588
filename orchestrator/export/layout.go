// Package export gives what an experiment made names that people read: training sets and
// tested photos as torchvision or anomalib reads them, LoRAs, classifiers, and the lineage of
// every file. Layout decides what goes where, Write writes it.
package export

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"kizu/orchestrator/plan"
	"kizu/orchestrator/stage"
	"kizu/orchestrator/store"
)

// What can be exported, and how images are laid out: a folder a class, for torchvision, or as
// MVTec AD has them (train/good, test/<class>, ground_truth/<class>), for anomalib.
var (
	What    = []string{"images", "loras", "classifiers"}
	Formats = []string{"imagefolder", "anomalib"}
)

// Part is what is exported whole or not at all, so that nobody trains on half a set.
type Part struct {
	Kind, Name string
	Lacks      string // why it is left out; "" if it is not
	files      []file
}

// file is a copy of another, or what is made of it.
type file struct {
	Row
	from, sum string                 // its path and SHA-256; "" for none
	made      func() ([]byte, error) // nil for a copy
}

// Row is what lineage.csv says of a file.
type Row struct {
	Path, Class, Origin, Method string // Origin: photo, decoded, generated, mask, lora or classifier
	Photo, Defect               string // that the image is or starts from; that it shows or has a piece of
	LoRA                        string // the key of the one that made the image, or that the file is
	Seed, ImageSeed             string // of the experiment; of the image's noise, unless it was chosen among several
	Artifact, SHA256            string
}

type layout struct {
	plan     *plan.Plan
	store    *store.Store
	onnx     ToONNX
	anomalib bool
	names    names
	count    map[string]int // of pictures in a folder
	parts    []Part
}

// ToONNX makes an ONNX file of a kept classifier's folder.
type ToONNX func(classifier string) ([]byte, error)

// Layout lists what is exported of a plan, kind by kind.
func Layout(p *plan.Plan, st *store.Store, onnx ToONNX, what []string, format string) []Part {
	l := &layout{plan: p, store: st, onnx: onnx, anomalib: format == "anomalib", names: names{}, count: map[string]int{}}
	lay := map[string]func(plan.Cell, string){"images": l.trainingSet, "loras": l.loras, "classifiers": l.classifier}
	for _, word := range what {
		for _, cell := range p.Cells {
			lay[word](cell, fmt.Sprintf("seed-%d", cell.Seed))
		}
	}
	return l.parts
}

// add adds a part, once, if there is anything in it.
func (l *layout) add(kind, name string, fill func(*Part) error) {
	part := Part{Kind: kind, Name: name}
	if slices.ContainsFunc(l.parts, func(p Part) bool { return p.Kind == kind && p.Name == name }) {
		return
	}
	if err := fill(&part); err != nil {
		part.files, part.Lacks = nil, err.Error()
	}
	if len(part.files) > 0 || part.Lacks != "" {
		l.parts = append(l.parts, part)
	}
}

// files lists an artifact's files by name. That it is not there is an error.
func (l *layout) files(task *plan.Task) (map[string]file, error) {
	m, err := l.store.Manifest(task.Kind, task.Key)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%s is not in the store", task.Label)
	}
	if err != nil {
		return nil, err
	}
	files := map[string]file{}
	for _, f := range m.Files {
		from := filepath.Join(l.store.Dir(task.Kind, task.Key), filepath.FromSlash(f.Name))
		files[f.Name] = file{Row: Row{Artifact: task.Key}, from: from, sum: f.SHA256}
	}
	return files, nil
}

// signed is a classifier's card with the study and the artifact that it comes from, and whether
// it was computed with the setting reproducible, as it has to be asked then.
func (l *layout) signed(card string, task *plan.Task) ([]byte, error) {
	text, err := os.ReadFile(card)
	if err != nil {
		return nil, err
	}
	m, err := l.store.Manifest(task.Kind, task.Key)
	if err != nil {
		return nil, err
	}
	study, _ := json.Marshal(l.plan.Experiment.Name) // of a string
	text = bytes.Replace(text, []byte(`"study": ""`), fmt.Appendf(nil, `"study": %s`, study), 1)
	said := fmt.Appendf(nil, "\"key\": %q,\n  \"reproducible\": %t", task.Key, m.Environment != nil && m.Environment.Reproducible)
	return bytes.Replace(text, []byte(`"key": ""`), said, 1), nil
}

func (part *Part) put(f file, to string, row Row) {
	row.Path, row.Artifact = to, f.Artifact
	f.Row = row
	part.files = append(part.files, f)
}

// classifier adds a cell's, if it is kept.
func (l *layout) classifier(cell plan.Cell, seed string) {
	if cell.Classify != nil && cell.Classify.Spec.(stage.Classify).Keep {
		l.artifact("classifier", cell.Name, l.names.of("classifiers", cell.Name, cell.Name), cell.Classify, Row{Origin: "classifier", Seed: seed})
	}
}

// loras adds the LoRAs of a cell, by the pattern or the class whose images they make.
func (l *layout) loras(cell plan.Cell, seed string) {
	add := func(of, name, class string, task *plan.Task) {
		if task != nil {
			l.artifact("LoRA", of+" "+name, l.names.of("loras", of+" "+name, name), task, Row{Class: class, Origin: "lora", LoRA: task.Key, Seed: seed})
		}
	}
	if cell.Pattern != nil {
		add("pattern", cell.Name, l.plan.Experiment.Patterns.Defect, cell.Train)
	}
	if cell.Classify != nil {
		for class, images := range cell.Classify.Makers() {
			add("class", strings.TrimSuffix(class+", "+cell.Condition.Variant, ", "), class, images.LoRA())
		}
	}
}

// Files of a kept classifier, and what is made of them.
const (
	modelCard = "model.json"
	modelONNX = "model.onnx"
)

// artifact adds all files of one but what a training goes on from.
func (l *layout) artifact(kind, name, called string, task *plan.Task, row Row) {
	l.add(kind, name+", "+row.Seed, func(part *Part) error {
		files, err := l.files(task)
		for _, name := range slices.Sorted(maps.Keys(files)) {
			f := files[name]
			switch {
			case strings.HasPrefix(name, "optimizer"), strings.HasPrefix(name, "features"): // for kizu
				continue
			case name == modelCard:
				f.made = func() ([]byte, error) { return l.signed(f.from, task) }
				if l.onnx != nil {
					onnx := f
					onnx.made = func() ([]byte, error) { return l.onnx(filepath.Dir(f.from)) }
					part.put(onnx, path.Join(row.Origin+"s", called, row.Seed, modelONNX), row)
				}
			case name == "kohya_lora.safetensors":
				name = "kohya.safetensors"
				f.made = func() ([]byte, error) {
					return completed(f.from, fmt.Sprintf("%s %s %s", l.plan.Experiment.Name, called, row.Seed))
				}
			}
			part.put(f, path.Join(row.Origin+"s", called, row.Seed, name), row)
		}
		return err
	})
}
