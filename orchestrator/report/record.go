package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"kizu/orchestrator/plan"
	"kizu/orchestrator/stage"
	"kizu/orchestrator/store"
)

// record is what the manifests say of the machine and the time.
type record struct {
	versions map[string]string // of Python and its libraries; several joined by ", "
	devices  []string
	jobs     []jobTasks // of a workload manager; none where it was a local run
	kinds    []kindTimes
	first    time.Time // start of the first task
	last     time.Time // end of the last task

	tasks        []*plan.Task // that are done, in the plan's order
	environments map[*plan.Task]environment
}

// kindTimes is how long the tasks of one kind took.
type kindTimes struct {
	Kind               string
	Done, Planned      int
	Total, Least, Most time.Duration
}

// recordOf reads the manifests of all tasks that are done.
func recordOf(p *plan.Plan, s *store.Store) record {
	rec := record{versions: map[string]string{}, environments: map[*plan.Task]environment{}}
	for _, kind := range stage.Kinds() {
		rec.kinds = append(rec.kinds, kindTimes{Kind: kind})
	}
	versions := map[string][]string{}
	for _, task := range p.Tasks {
		times := rec.kind(task.Kind)
		times.Planned++
		m, err := s.Manifest(task.Kind, task.Key)
		if err != nil {
			continue // not done, or damaged, which its cell says
		}
		times.add(m.Took())
		if rec.first.IsZero() || m.Started.Before(rec.first) {
			rec.first = m.Started
		}
		if m.Finished.After(rec.last) {
			rec.last = m.Finished
		}
		rec.devices = appendNew(rec.devices, m.Device)
		rec.jobs = addJob(rec.jobs, m.Job)
		rec.tasks = append(rec.tasks, task)
		rec.environments[task] = environmentOf(m)
		for name, version := range m.Versions {
			versions[name] = appendNew(versions[name], version)
		}
	}
	rec.kinds = slices.DeleteFunc(rec.kinds, func(k kindTimes) bool { return k.Planned == 0 })
	slices.Sort(rec.devices)
	sortJobs(rec.jobs)
	for name, list := range versions {
		slices.Sort(list)
		rec.versions[name] = strings.Join(list, ", ")
	}
	return rec
}

// kind finds the times of a kind; one that is not listed yet goes last.
func (r *record) kind(name string) *kindTimes {
	for i := range r.kinds {
		if r.kinds[i].Kind == name {
			return &r.kinds[i]
		}
	}
	r.kinds = append(r.kinds, kindTimes{Kind: name})
	return &r.kinds[len(r.kinds)-1]
}

func (k *kindTimes) add(took time.Duration) {
	if k.Done == 0 || took < k.Least {
		k.Least = took
	}
	k.Done++
	k.Total += took
	k.Most = max(k.Most, took)
}

// libraries lists the names of the versions, Python first.
func (r *record) libraries() []string {
	names := slices.Sorted(maps.Keys(r.versions))
	if i := slices.Index(names, "python"); i > 0 {
		names = slices.Insert(slices.Delete(names, i, i+1), 0, "python")
	}
	return names
}

func appendNew(list []string, text string) []string {
	if text == "" || slices.Contains(list, text) {
		return list
	}
	return append(list, text)
}

// jobTasks is how many of the tasks shown a job of a workload manager ran on a node.
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
