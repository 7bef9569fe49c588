package serve

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid" // property tests; MPL-2.0

	"kizu/orchestrator/execute/runlog"
	"kizu/orchestrator/execute/slurm"
	"kizu/orchestrator/store"
)

func TestState(t *testing.T) {
	began := time.Now()
	before, after := &report{Written: began.Add(-time.Hour)}, &report{Written: began.Add(time.Hour)}
	why := []string{"disk full"}
	live, job := []*runlog.Live{{}}, &slurm.Submission{}
	two := store.Needs{Time: began, Artifacts: []string{"a/b", "c/d"}}
	for want, all := range map[string][]experiment{
		"running":      {{Needs: two, Runs: live}, {Needs: two, Runs: live, Job: job, Done: 2}},
		"reported":     {{Report: after}},
		"done":         {{Needs: two, Done: 2}, {Needs: two, Done: 2, Failures: why}, {Needs: two, Done: 2, Job: job}},
		"submitted":    {{Needs: two, Job: job}, {Needs: two, Done: 1, Job: job, Report: before}},
		"failed":       {{Needs: two, Done: 1, Failures: why}, {Needs: two, Job: job, Report: after, Failures: why}},
		"not finished": {{Needs: two}, {Needs: two, Done: 1, Report: before}, {Needs: two, Job: job, Report: after}},
	} {
		for i, e := range all {
			if got := e.State(); got != want {
				t.Errorf("%s, %d: %s", want, i, got)
			}
		}
	}
}

// What has failed is said once, whichever of a run's workers say it, and nothing else is
// taken for it.
func TestFailures(t *testing.T) {
	line := func(level, task, text string) string {
		return `{"time":"2026-11-30T11:39:58Z","level":"` + level + `","msg":"` + text + `","task":"` + task + "\"}\n"
	}
	logs := fstest.MapFS{
		"run.jsonl":       {Data: []byte(line("INFO", "a", "done 1/3 A") + line("ERROR", "b", "failed   B: the disk is full"))},
		"job-1/run.jsonl": {Data: []byte(line("ERROR", "b", "failed   B: in another worker") + line("ERROR", "c", `failed   C: \"level\":\"ERROR\"`))},
		"job-2/run.jsonl": {Data: []byte(`{"level":"ERROR","msg":"ended    interrupted"}` + "\n" + `{"level":"ERROR","task":"d","msg":"fai`)},
	}
	if got := failures(logs); !slices.Equal(got, []string{"B: the disk is full", `C: "level":"ERROR"`}) {
		t.Errorf("%q", got)
	}
}

// A curve stays in its box, from the first loss to the last, whatever a table holds,
// also one that is cut off.
func TestCurve(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		losses := rapid.SliceOfN(rapid.Float64Range(-1e6, 1e6), 0, 400).Draw(t, "losses")
		table := "step,instance_loss,loss\n"
		for i, loss := range losses {
			table += strconv.Itoa(i+1) + ",," + strconv.FormatFloat(loss, 'g', -1, 64) + "\n"
		}
		c, ok := newCurve("", table+rapid.SampledFrom([]string{"", "x", "401,,nan\n", "401,,\n", "401"}).Draw(t, "rest"))
		if ok != (len(losses) >= 2) {
			t.Fatalf("%v for %d", ok, len(losses))
		}
		if !ok {
			return
		}
		points := strings.Fields(c.Points)
		if len(points) > curvePoints || len(points) != (len(losses)+c.Group-1)/c.Group || c.Steps != len(losses) || c.Axis != "step" {
			t.Fatalf("%d points of %d: %+v", len(points), len(losses), c)
		}
		for i, point := range points {
			x, y, _ := strings.Cut(point, ",")
			across, err := strconv.ParseFloat(x, 64)
			down, err2 := strconv.ParseFloat(y, 64)
			if err != nil || err2 != nil || math.Abs(across-float64(i)*curveWidth/float64(len(points)-1)) > 0.06 || down < 0 || down > curveHeight {
				t.Fatalf("point %d is %s", i, point)
			}
		}
	})
	if c, ok := newCurve("", "step,accuracy\n1,1\n2,1\n"); ok {
		t.Errorf("a curve without a loss: %+v", c)
	}
}
