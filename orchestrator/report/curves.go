package report

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"kizu/orchestrator/plan"
	"kizu/orchestrator/report/gallery"
)

// writeCurves writes the training curves of every task that is done (a step or
// an epoch, and what was measured at it) as TensorBoard reads them, a folder for each task, in place of an earlier
// report's.
func (r *Report) writeCurves(dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	for _, task := range r.plan.Tasks {
		name := task.Spec.Curve()
		if name == "" || !r.store.Has(task.Kind, task.Key) {
			continue
		}
		if err := r.writeCurve(dir, task, name); err != nil {
			return err
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
	if errors.Is(err, fs.ErrNotExist) {
		return nil // a stage that measures nothing on its way
	} else if err != nil {
		return err
	}
	defer table.Close()
	// The number keeps two tasks apart whose labels differ in signs only.
	folder := filepath.Join(dir, gallery.Slug(task.Label)+"-"+task.Key[:6])
	file := fmt.Sprintf("events.out.tfevents.%010d.kizu", manifest.Finished.Unix())
	return replace(filepath.Join(folder, file), func(w io.Writer) error {
		events := newEventFile(w, manifest.Finished)
		if err := addCurves(events, table); err != nil {
			return damaged(task, name, err)
		}
		return events.err
	})
}

// addCurves adds a scalar for every column but the first, which is the step; an
// empty field is no value.
func addCurves(events *eventFile, table io.Reader) error {
	rows, err := csv.NewReader(table).ReadAll()
	if err != nil {
		return err
	}
	for i, row := range rows {
		if i == 0 {
			continue
		}
		step, err := strconv.ParseInt(row[0], 10, 64)
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
			events.scalar(rows[0][1+j], step, value)
		}
	}
	return nil
}
