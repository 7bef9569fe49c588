package report

import (
	"cmp"
	"fmt"
	"slices"

	"kizu/orchestrator/store"
)

// jobTasks is how many of the tasks shown a job of a workload manager ran on a
// node.
type jobTasks struct {
	ID       string `json:"id"`
	Index    string `json:"index,omitempty"` // in the array
	Node     string `json:"node"`
	Restarts int    `json:"restarts,omitempty"` // the most after which a task was done
	Tasks    int    `json:"tasks"`
}

// Title names the job for people.
func (j jobTasks) Title() string {
	job := store.Job{ID: j.ID, Index: j.Index}
	return fmt.Sprintf("job %s on %s", job.Name(), j.Node)
}

// addJob counts a task of a job; nil is none.
func addJob(jobs []jobTasks, job *store.Job) []jobTasks {
	if job == nil {
		return jobs
	}
	at := slices.IndexFunc(jobs, func(j jobTasks) bool { return j.ID == job.ID && j.Index == job.Index && j.Node == job.Node })
	if at < 0 {
		at = len(jobs)
		jobs = append(jobs, jobTasks{ID: job.ID, Index: job.Index, Node: job.Node})
	}
	jobs[at].Tasks++
	jobs[at].Restarts = max(jobs[at].Restarts, job.Restarts)
	return jobs
}

// sortJobs sorts by number, 9 before 10.
func sortJobs(jobs []jobTasks) {
	number := func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) }
	slices.SortFunc(jobs, func(a, b jobTasks) int {
		return cmp.Or(number(a.ID, b.ID), number(a.Index, b.Index), cmp.Compare(a.Node, b.Node))
	})
}
