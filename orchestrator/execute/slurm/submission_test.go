package slurm

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"kizu/orchestrator/store"
)

func TestSubmissions(t *testing.T) {
	logs := t.TempDir()
	want := Submission{Job: "12", Elements: 4, Plan: "abc", Time: time.Unix(1, 0).UTC(), Run: "quick-2"}
	for _, run := range []string{"quick-1", "quick-2"} {
		if _, err := WriteScript(filepath.Join(logs, run), "#!/bin/bash\n"); err != nil {
			t.Fatal(err)
		}
	}
	if err := want.Keep(filepath.Join(logs, "quick-2")); err != nil {
		t.Fatal(err)
	}
	runs := []string{"quick-1", "quick-2", "quick-3"} // the first was a local run, the last has gone
	if got, err := Submissions(logs, runs); err != nil || !reflect.DeepEqual(got, []Submission{want}) {
		t.Errorf("%+v, %v", got, err)
	}
	for _, text := range []string{"{", "{}", `{"job": "1; rm"}`} {
		if err := os.WriteFile(filepath.Join(logs, "quick-1", submissionName), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Submissions(logs, runs); err == nil || !strings.Contains(err.Error(), submissionName+" cannot be read") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestHere(t *testing.T) {
	for _, name := range []string{"SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID", "SLURM_JOB_ID", "SLURMD_NODENAME", "SLURM_RESTART_COUNT"} {
		t.Setenv(name, "")
	}
	if job := Here(); job != nil {
		t.Errorf("in job %+v", job)
	}
	t.Setenv("SLURM_JOB_ID", "15")
	t.Setenv("SLURMD_NODENAME", "n2")
	if job := Here(); !reflect.DeepEqual(job, &store.Job{ID: "15", Node: "n2"}) || job.Name() != "15" {
		t.Errorf("%+v", job)
	}
	t.Setenv("SLURM_ARRAY_JOB_ID", "12")
	t.Setenv("SLURM_ARRAY_TASK_ID", "3")
	t.Setenv("SLURM_RESTART_COUNT", "2")
	if job := Here(); !reflect.DeepEqual(job, &store.Job{ID: "12", Index: "3", Node: "n2", Restarts: 2}) || job.Name() != "12_3" {
		t.Errorf("%+v", job)
	}
}
