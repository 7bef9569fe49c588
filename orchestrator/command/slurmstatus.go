package command

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"kizu/orchestrator/execute"
	"kizu/orchestrator/execute/slurm"
)

// jobsStatus is what became of a submission's jobs.
type jobsStatus struct {
	slurm.Submission
	Elements []slurm.Element `json:"elements_now"`
	Problem  string          `json:"problem,omitempty"` // why nothing is known of them

	logs string
}

// submission is the latest run, if that was submitted to Slurm; or else nil.
func (y *study) submission() (*slurm.Submission, error) {
	runs, err := execute.Runs(y.store.Logs(""), y.plan.Experiment.Name)
	if err != nil || len(runs) == 0 {
		return nil, err
	}
	submissions, err := slurm.Submissions(y.store.Logs(""), runs[len(runs)-1:])
	if err != nil || len(submissions) == 0 {
		return nil, err
	}
	return &submissions[0], nil
}

// jobs looks the jobs of the latest run up; nil if it has none.
func (y *study) jobs(ctx context.Context) (*jobsStatus, error) {
	latest, err := y.submission()
	if err != nil || latest == nil {
		return nil, err
	}
	s := &jobsStatus{Submission: *latest, Elements: []slurm.Element{}, logs: y.store.Logs(latest.Run)}
	elements, err := slurm.Queue(ctx, latest.Job)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	} else if err != nil { // what the store says is worth showing all the same
		s.Problem = err.Error()
		return s, nil
	}
	if s.Elements = append(s.Elements, elements...); len(elements) < latest.Elements {
		s.account(ctx)
	}
	return s, nil
}

// account adds the elements that the queue has forgotten.
func (s *jobsStatus) account(ctx context.Context) {
	accounts, known := slurm.Account(ctx, s.Job)
	if !known && len(s.Elements) == 0 {
		s.Problem = "its jobs have left the queue, and the cluster keeps no accounts of how"
	}
	for _, element := range accounts {
		if !slices.ContainsFunc(s.Elements, func(e slurm.Element) bool { return e.Name() == element.Name() }) {
			s.Elements = append(s.Elements, element)
		}
	}
}

// text says what the jobs do, and how those that failed did.
func (s *jobsStatus) text() string {
	if s.Problem != "" {
		return fmt.Sprintf("job %s: %s\n", s.Job, s.Problem)
	}
	var text strings.Builder
	fmt.Fprintln(&text, queueLine(s.Job, s.Elements))
	for _, element := range s.Elements {
		if element.Failed() {
			fmt.Fprintln(&text, "  "+indented(failedLine(element, s.logs), "  "))
		}
	}
	return text.String()
}

// jobReasons says which tasks have failed in the jobs of the latest run, for a
// report of what they left.
func (y *study) jobReasons() (map[string]string, error) {
	latest, err := y.submission()
	if err != nil || latest == nil {
		return nil, err
	}
	summary := &execute.Summary{Failures: map[string]error{}}
	for id, failure := range execute.FailureLogOf(y.store.Logs(latest.Run)).Failures(y.plan) {
		if task, err := y.plan.Find(id); err == nil && !task.Reuse {
			summary.Failures[id] = failure
		}
	}
	return summary.Reasons(), nil
}

// printJobs says what the jobs of the latest run do, while tasks are missing.
func (y *study) printJobs(ctx context.Context, out io.Writer) error {
	if len(y.plan.ToRun()) == 0 {
		return nil
	}
	jobs, err := y.jobs(ctx)
	if err != nil || jobs == nil {
		return err
	}
	_, err = fmt.Fprint(out, "\n"+jobs.text())
	return err
}
