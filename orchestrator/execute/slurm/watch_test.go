package slurm

import (
	"context"
	"os"
	"path/filepath"
	"testing"
)

func TestQueueLine(t *testing.T) {
	for want, elements := range map[string][]Element{
		"job 12 is not in the queue": nil,
		"job 12: 2 running (n1, n2); 1 pending (Resources); 1 out of memory (n1)": {
			{Job: "12", Index: 0, State: "RUNNING", Node: "n2", Reason: "None"}, {Job: "12", Index: 1, State: "PENDING", Reason: "Resources"},
			{Job: "12", Index: 2, State: "RUNNING", Node: "n1", Reason: "None"}, {Job: "12", Index: 3, State: "OUT_OF_MEMORY", Node: "n1"},
		},
	} {
		if got := queueLine("12", elements); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestFailedLine(t *testing.T) {
	logs := t.TempDir()
	element := Element{Job: "12", Index: 3, State: "TIMEOUT", Node: "n1", Reason: "TimeLimit"}
	if got := failedLine(element, logs); got != "job 12_3: TIMEOUT on n1 (TimeLimit)" {
		t.Errorf("without a log: %q", got)
	}
	path := filepath.Join(logs, "slurm-12_3.log")
	if err := os.WriteFile(path, []byte("1\n2\n3\n4\n5\n6\nlast\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := failedLine(element, logs); got != "job 12_3: TIMEOUT on n1 (TimeLimit); the end of "+path+":\n  3\n  4\n  5\n  6\n  last" {
		t.Errorf("%q", got)
	}
}

// TestForgottenElements: what the queue does not know any more stays as it was
// when it had ended, and is unknown when it had not and nobody keeps accounts.
func TestForgottenElements(t *testing.T) {
	t.Setenv("PATH", t.TempDir()) // no sacct
	done := Element{Job: "12", Index: 0, State: "COMPLETED", Node: "n1"}
	w := &Watch{Job: "12", latest: []Element{done, {Job: "12", Index: 1, State: "RUNNING", Node: "n2"}}}
	got := w.withEnded(context.Background(), nil)
	if len(got) != 2 || got[0] != done || got[1].State != unknown || got[1].Active() || !got[1].Failed() {
		t.Errorf("%+v", got)
	}
}
