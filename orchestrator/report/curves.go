package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"kizu/orchestrator/plan"
	"kizu/orchestrator/report/gallery"
	"kizu/orchestrator/stage"
)

// writeCurves writes the training curves of every task that is done (steps, and
// what was measured at them) as TensorBoard reads them, a folder for each task, in place of
// an earlier report's.
func (r *Report) writeCurves(dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	for _, task := range r.record.tasks {
		if name := task.Spec.Curve(); name != "" {
			if err := r.writeCurve(dir, task, name); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *Report) writeCurve(dir string, task *plan.Task, name string) error {
	manifest, err := r.store.Manifest(task.Kind, task.Key)
	if err != nil {
		return err
	}
	table, err := os.Open(filepath.Join(r.store.Dir(task.Kind, task.Key), name))
	if err != nil { // a stage that measures nothing on its way, or one that this user may not read
		return nil
	}
	defer table.Close()
	// The number keeps two tasks apart whose labels differ in signs only.
	folder := filepath.Join(dir, gallery.Slug(task.Label)+"-"+task.Key[:6])
	file := fmt.Sprintf("events.out.tfevents.%010d.kizu", manifest.Finished.Unix())
	return replace(filepath.Join(folder, file), func(w io.Writer) error {
		events := newEventFile(w, manifest.Finished)
		if err := addCurves(events, table, stepsOf(task)); err != nil {
			return damaged(task, name, err)
		}
		return events.err
	})
}

// stepsOf says how many steps a task had made at a row of its curve, which has the number of
// steps or, of a classifier, of passes through its training set.
func stepsOf(task *plan.Task) func(n int) int {
	if spec, ok := task.Spec.(stage.Classify); ok {
		return spec.StepsIn
	}
	return func(n int) int { return n }
}

// addCurves adds a scalar for every column but the first, which says the step; an
// empty field is no value.
func addCurves(events *eventFile, table io.Reader, steps func(n int) int) error {
	rows, err := csv.NewReader(table).ReadAll()
	if err != nil {
		return err
	}
	for i, row := range rows {
		if i == 0 {
			continue
		}
		n, err := strconv.Atoi(row[0])
		if err != nil {
			return err
		}
		for j, text := range row[1:] {
			if text == "" {
				continue
			}
			value, err := strconv.ParseFloat(text, 64)
			if err != nil {
				return err
			}
			events.scalar(rows[0][1+j], int64(steps(n)), value)
		}
	}
	return nil
}
