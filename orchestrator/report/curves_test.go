package report

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kizu/orchestrator/plan"
)

// The wanted bytes are those that tensorboard 2.21.0's own writer made of the same
// events:
//
//	w = RecordWriter(open("x", "wb"))
//	w.write(event_pb2.Event(wall_time=1767323040, file_version="brain.Event:2").SerializeToString())
//	for tag, value in (("loss", 0.5), ("accuracy", 0.25)):
//	    w.write(event_pb2.Event(wall_time=1767323040, step=3, summary=summary_pb2.Summary(
//	        value=[summary_pb2.Summary.Value(tag=tag, simple_value=value)])).SerializeToString())
func TestEventFile(t *testing.T) {
	want, err := hex.DecodeString(strings.Join(strings.Fields(wantEvents), ""))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	events := newEventFile(&out, time.Unix(1767323040, 0))
	if err := addCurves(events, strings.NewReader("epoch,loss,nothing,accuracy\n2,0.5,,0.25\n"), func(n int) int { return n + 1 }); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), want) {
		t.Errorf("got\n%x, want\n%x", out.Bytes(), want)
	}
	for _, table := range []string{"epoch,loss\nx,1\n", "epoch,loss\n1,x\n", "epoch,loss\n1\n"} {
		if err := addCurves(events, strings.NewReader(table), stepsOf(&plan.Task{})); err == nil {
			t.Errorf("%q was read", table)
		}
	}
}

// Every finished training has its folder, and those of an earlier report go.
func TestCurves(t *testing.T) {
	f := newFixture(t, studies)
	task := f.plan.Cells[len(f.plan.Cells)-1].Classify
	for i, needed := range f.plan.Tasks {
		f.commit(i, needed)
	}
	dir := filepath.Join(t.TempDir(), "tensorboard")
	f.check(os.MkdirAll(filepath.Join(dir, "an-earlier-task"), 0o755))
	path := filepath.Join(f.store.Dir(task.Kind, task.Key), "training.csv")
	f.check(os.WriteFile(path, []byte("epoch,loss\n1,0.5\n"), 0o644))
	r := f.collect(nil)
	f.check(r.writeCurves(dir))
	found, err := filepath.Glob(filepath.Join(dir, "*", "events.out.tfevents.*"))
	f.check(err)
	if len(found) != 1 || !strings.Contains(found[0], "classifier-real-generated-seed-1-") {
		t.Errorf("got %q", found)
	}
	if _, err := os.Stat(filepath.Join(dir, "an-earlier-task")); err == nil {
		t.Error("the curves of an earlier report are still there")
	}
	f.check(os.WriteFile(path, []byte("epoch,loss\n1,high\n"), 0o644))
	if err := r.writeCurves(dir); err == nil || !strings.Contains(err.Error(), "is damaged: training.csv") {
		t.Errorf("got %v", err)
	}
}

const wantEvents = `
1800000000000000a37f4b220900000068cd55da411a0d627261696e2e4576656e743a328a8873bc1a00000000000000
129bd82d0900000068cd55da4110032a0d0a0b0a046c6f7373150000003f978194921e00000000000000d9dc12320900
000068cd55da4110032a110a0f0a086163637572616379150000803ebc3cd7d1
`
