package report

import (
	"encoding/binary"
	"encoding/csv"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"google.golang.org/protobuf/encoding/protowire" // fields of protocol buffers; Google, BSD

	"kizu/orchestrator/plan"
	"kizu/orchestrator/report/gallery"
	"kizu/orchestrator/stage"
)

// writeCurves writes the training curves of every task that is done (steps, and what was measured
// at them) as TensorBoard reads them, a folder for each task, in place of an earlier report's.
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

// eventFile writes scalars as TensorBoard reads them: records of protocol buffers
// (tensorflow/core/util/event.proto, framework/summary.proto), each framed by its length and masked
// checksums (tensorflow/core/lib/io/ record_writer.h).
type eventFile struct {
	out  io.Writer
	time float64 // of every event, seconds since 1970
	err  error
}

// Numbers of the fields that are written.
const (
	eventTime, eventStep, eventVersion, eventSummary = 1, 2, 3, 5
	summaryValue                                     = 1
	valueTag, valueScalar                            = 1, 2
)

func newEventFile(out io.Writer, at time.Time) *eventFile {
	f := &eventFile{out: out, time: float64(at.Unix())}
	f.record(protowire.AppendString(protowire.AppendTag(f.event(), eventVersion, protowire.BytesType), "brain.Event:2"))
	return f
}

func (e *eventFile) event() []byte {
	return protowire.AppendFixed64(protowire.AppendTag(nil, eventTime, protowire.Fixed64Type), math.Float64bits(e.time))
}

// scalar adds one value; an error is kept for the end.
func (e *eventFile) scalar(tag string, step int64, value float64) {
	scalar := protowire.AppendString(protowire.AppendTag(nil, valueTag, protowire.BytesType), tag)
	scalar = protowire.AppendTag(scalar, valueScalar, protowire.Fixed32Type)
	scalar = protowire.AppendFixed32(scalar, math.Float32bits(float32(value)))
	summary := protowire.AppendBytes(protowire.AppendTag(nil, summaryValue, protowire.BytesType), scalar)
	event := protowire.AppendVarint(protowire.AppendTag(e.event(), eventStep, protowire.VarintType), uint64(step))
	e.record(protowire.AppendBytes(protowire.AppendTag(event, eventSummary, protowire.BytesType), summary))
}

func (e *eventFile) record(data []byte) {
	if e.err != nil {
		return
	}
	length := binary.LittleEndian.AppendUint64(nil, uint64(len(data)))
	frame := binary.LittleEndian.AppendUint32(length, masked(length))
	frame = binary.LittleEndian.AppendUint32(append(frame, data...), masked(data))
	_, e.err = e.out.Write(frame)
}

// masked is the checksum of a record, rotated and shifted so that a file that
// holds checksums can be checked itself.
func masked(data []byte) uint32 {
	sum := crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli))
	return (sum>>15 | sum<<17) + 0xa282ead8
}
