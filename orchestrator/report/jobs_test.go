package report

import (
	"reflect"
	"testing"

	"kizu/orchestrator/store"
)

// TestJobs: tasks are counted by job and node, the restarts are the most, and
// jobs sort as numbers. A local run has none.
func TestJobs(t *testing.T) {
	var jobs []jobTasks
	for _, job := range []*store.Job{
		nil, {ID: "10", Index: "2", Node: "n2"}, {ID: "9", Index: "0", Node: "n1"}, {ID: "10", Index: "0", Node: "n1"},
		{ID: "10", Index: "2", Node: "n2", Restarts: 2}, {ID: "10", Index: "2", Node: "n2", Restarts: 1}, {ID: "10", Index: "2", Node: "n1", Restarts: 1},
	} {
		jobs = addJob(jobs, job)
	}
	sortJobs(jobs)
	want := []jobTasks{{"9", "0", "n1", 0, 1}, {"10", "0", "n1", 0, 1}, {"10", "2", "n1", 1, 1}, {"10", "2", "n2", 2, 3}}
	if !reflect.DeepEqual(jobs, want) || jobs[3].Title() != "job 10_2 on n2" {
		t.Errorf("%+v", jobs)
	}
}
