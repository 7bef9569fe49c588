package serve

import (
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
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

// Of each task that failed in a run its name and reason are told; what is no report is passed over.
func TestFailures(t *testing.T) {
	logs := t.TempDir()
	for name, text := range map[string]string{
		"b.json": `{"label":"B","message":"the disk is full"}`, "c.json": `{"label":"A","message":"in a job","job":{"id":"7","node":"n1"}}`, "d.json": `{"label":"D","mess`,
	} {
		write(t, filepath.Join(logs, "failed", name), text)
	}
	if got := runlog.FailureLogOf(logs).Texts(); !slices.Equal(got, []string{"A: in a job (in job 7 on n1)", "B: the disk is full"}) {
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
