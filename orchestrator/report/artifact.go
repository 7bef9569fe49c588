package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"

	"kizu/orchestrator/plan"
	"kizu/orchestrator/result"
	"kizu/orchestrator/stage"
	"kizu/orchestrator/store"
)

// training is what the stage train_lora returned.
type training struct {
	Steps     int     `json:"steps"`
	FinalLoss float64 `json:"final_loss"` // mean of the last tenth of the steps
	Instance  struct {
		Min int `json:"min"`
		Max int `json:"max"`
	} `json:"instance_exposures"` // how often each defect image was used
	Class struct {
		Min      int `json:"min"`
		Max      int `json:"max"`
		Distinct int `json:"distinct"`
	} `json:"class_exposures"` // how often each regularization image was used, and how many were
}

// picture is one generated image, a row of images.csv.
type picture struct {
	path       string
	name       string
	sourceName string // of the photo that it started from; "" for none
	seed       string
	blank      bool
	saturated  bool
	nan        bool
	candidate  string // which it is, from 1, of those that it was chosen from; "" where it was not
	remark     string // of a method that makes masks, on what it could not do well; "" for none
}

// resultOf reads what a task's stage returned.
func (s *source) resultOf(task *plan.Task, into any) error {
	manifest, err := s.store.Manifest(task.Kind, task.Key)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(manifest.Result, into); err != nil {
		return damaged(task, "its result", err)
	}
	return nil
}

// training reads the result of a LoRA's training.
func (s *source) training(task *plan.Task) (*training, error) {
	t := &training{}
	if err := s.resultOf(task, t); err != nil {
		return nil, err
	}
	return t, nil
}

// pictures reads a task's generated images, in the order of their numbers.
func (s *source) pictures(task *plan.Task) ([]picture, error) {
	pictures, err := s.picturesIn(task, "images")
	if made := task.Made(); err == nil && made.Count != len(pictures) {
		err = damaged(task, "images.csv", fmt.Errorf("%d images instead of %d", len(pictures), made.Count))
	}
	return pictures, err
}

// picturesIn reads the images of a folder of an artifact, by the table that is called as it.
func (s *source) picturesIn(task *plan.Task, folder string) ([]picture, error) {
	dir, table := s.store.Dir(task.Kind, task.Key), folder+".csv"
	text, err := s.store.ReadFile(task.Kind, task.Key, table)
	if err != nil {
		return nil, err
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		return nil, damaged(task, table, err)
	}
	wanted := []string{"name", "source_name", "seed", "blank", "saturated", "nan"}
	columns := make([]int, len(wanted))
	for i, name := range wanted {
		if len(rows) > 0 {
			columns[i] = slices.Index(rows[0], name)
		}
		if len(rows) == 0 || columns[i] < 0 {
			return nil, damaged(task, table, fmt.Errorf("no column %s", name))
		}
	}
	remark, candidate := slices.Index(rows[0], "remark"), slices.Index(rows[0], "candidate")
	var pictures []picture
	for _, row := range rows[1:] {
		field := func(i int) string { return row[columns[i]] }
		if !filepath.IsLocal(field(0)) {
			return nil, damaged(task, table, fmt.Errorf("image %q lies elsewhere", field(0)))
		}
		p := picture{path: filepath.Join(dir, folder, field(0)), name: field(0), sourceName: field(1), seed: field(2)}
		for i, flag := range []*bool{&p.blank, &p.saturated, &p.nan} {
			if *flag, err = strconv.ParseBool(field(3 + i)); err != nil {
				return nil, damaged(task, table, err)
			}
		}
		if remark >= 0 {
			p.remark = row[remark]
		}
		if candidate >= 0 {
			p.candidate = row[candidate]
		}
		pictures = append(pictures, p)
	}
	return pictures, nil
}

// predictions reads what a classifier or a detector said of the test images, or a referee of
// generated ones.
func (s *source) predictions(task *plan.Task) (*result.Predictions, error) {
	text, err := s.store.ReadFile(task.Kind, task.Key, "predictions.csv")
	if err != nil {
		return nil, err
	}
	var predictions *result.Predictions
	want, folds := 0, 0
	switch spec := task.Spec.(type) {
	case stage.Classify:
		predictions, err = result.ReadPredictions(bytes.NewReader(text))
		want, folds = len(spec.Tested()), spec.Folds
	case stage.Judge:
		predictions, err = result.ReadPredictions(bytes.NewReader(text))
		want = spec.Judged()
	case stage.Detect:
		predictions, err = result.ReadScores(bytes.NewReader(text), spec.Classes)
		want, folds = len(spec.Tested()), spec.Folds
	}
	if err == nil && want != len(predictions.Images) {
		err = fmt.Errorf("%d images instead of %d", len(predictions.Images), want)
	}
	if err != nil {
		return nil, damaged(task, "predictions.csv", err)
	}
	if folds > 0 {
		predictions.Threshold, err = s.threshold(task)
	}
	return predictions, err
}

// threshold reads the one that folds chose.
func (s *source) threshold(task *plan.Task) (*float64, error) {
	var training struct {
		Threshold *float64 `json:"threshold"`
	}
	if err := s.resultOf(task, &training); err != nil {
		return nil, err
	}
	if training.Threshold == nil {
		return nil, damaged(task, "its result", errors.New("no threshold"))
	}
	return training.Threshold, nil
}

// look is images as a network sees them, and as small grey pictures.
type look struct{ features, pixels result.Features }

// of are the images at some places; none of a look at none.
func (l *look) of(places []int) *look {
	picked := &look{}
	if len(l.features) == 0 {
		return picked
	}
	for _, i := range places {
		picked.features, picked.pixels = append(picked.features, l.features[i]), append(picked.pixels, l.pixels[i])
	}
	return picked
}

// measured reads what the stage measure stored.
func (s *source) measured(task *plan.Task) (l *look, err error) {
	if known := s.looks[task.Key]; known != nil {
		return known, nil
	}
	l = &look{}
	n := task.Spec.(stage.Measure).Measured()
	if l.features, err = s.tensor(task, featuresFile, "features", n); err != nil {
		return nil, err
	}
	if l.pixels, err = s.tensor(task, featuresFile, "pixels", n); err != nil {
		return nil, err
	}
	s.looks[task.Key] = l
	return l, nil
}

// featuresFile is where stages store features; a classifier's are of its end.
const featuresFile = "features.safetensors"

// tensor reads the features of so many images.
func (s *source) tensor(task *plan.Task, file, name string, images int) (result.Features, error) {
	text, err := s.store.ReadFile(task.Kind, task.Key, file)
	if err != nil {
		return nil, err
	}
	features, err := result.ReadFeatures(bytes.NewReader(text), name)
	if err == nil && len(features) != images {
		err = fmt.Errorf("features of %d images instead of %d", len(features), images)
	}
	if err != nil {
		return nil, damaged(task, file, err)
	}
	return features, nil
}

// damaged says that a committed artifact cannot be read.
func damaged(task *plan.Task, what string, err error) error {
	return &store.DamagedError{Kind: task.Kind, Key: task.Key, Problems: []string{fmt.Sprintf("%s: %v", what, err)}}
}

// flags counts images that are no pictures, and those with remarks.
type flags struct {
	blank, saturated, nan int
	remarks               map[string]int // nil for none
}

// plus adds up two counts.
func (f flags) plus(other flags) flags {
	sum := flags{f.blank + other.blank, f.saturated + other.saturated, f.nan + other.nan, maps.Clone(f.remarks)}
	for remark, n := range other.remarks {
		sum.remark(remark, n)
	}
	return sum
}

func (f *flags) remark(remark string, n int) {
	if f.remarks == nil {
		f.remarks = map[string]int{}
	}
	f.remarks[remark] += n
}

// remarked writes how many images have which remark: "3 off part".
func (f flags) remarked() (texts []string) {
	for _, remark := range slices.Sorted(maps.Keys(f.remarks)) {
		texts = append(texts, fmt.Sprintf("%d %s", f.remarks[remark], remark))
	}
	return texts
}

func countFlags(pictures []picture) flags {
	var f flags
	for _, p := range pictures {
		if p.remark != "" {
			f.remark(p.remark, 1)
		}
		for _, flag := range []struct {
			set bool
			n   *int
		}{{p.blank, &f.blank}, {p.saturated, &f.saturated}, {p.nan, &f.nan}} {
			if flag.set {
				*flag.n++
			}
		}
	}
	return f
}
