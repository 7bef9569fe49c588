package command

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/spf13/cobra"

	"kizu/orchestrator/execute"
	"kizu/orchestrator/plan"
)

// TestAgain: a hint can be pasted into a shell, and finds the same store.
func TestAgain(t *testing.T) {
	for _, test := range []struct {
		file    string
		changes []string
		args    []string
		want    string
	}{
		{"a.yaml", nil, nil, "a.yaml"},
		{"my planned.yaml", []string{"lora.rank=16", "name=it's"}, nil, `'my planned.yaml' --set lora.rank=16 --set 'name=it'\''s'`},
		{"a.yaml", nil, []string{"--store", "/srv/runs", "--config", "kizu.yaml"}, "a.yaml --store /srv/runs --config kizu.yaml"},
		{"a.yaml", nil, []string{"--store=$x", "--quiet"}, "a.yaml --store '$x'"},
	} {
		root := &cobra.Command{}
		s := newSettings(root, io.Discard)
		if err := root.PersistentFlags().Parse(test.args); err != nil {
			t.Fatal(err)
		}
		if got := s.again(test.file, test.changes); got != test.want {
			t.Errorf("%s, want %s", got, test.want)
		}
	}
}

// TestOneCauseIsToldOnce: failures that differ in the task's log alone are one line.
func TestOneCauseIsToldOnce(t *testing.T) {
	p := &planned{plan: &plan.Plan{}}
	summary := &execute.Summary{Failures: map[string]error{}}
	for id, why := range map[string]string{"a": "the disk is full (log: a.log)", "b": "the disk is full (log: b.log)", "c": "it fell (log: c.log)"} {
		summary.Failures[id] = errors.New(why)
	}
	for _, id := range []string{"a", "b", "c"} {
		p.plan.Tasks = append(p.plan.Tasks, &plan.Task{ID: id, Label: "task " + id})
	}
	var out bytes.Buffer
	p.printFailures(&out, summary)
	want := "\n3 tasks failed, 0 could not run because of them:\n  task a and 1 more: the disk is full (log: a.log)\n  task c: it fell (log: c.log)\n"
	if out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}
