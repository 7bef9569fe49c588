package slurm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"kizu/orchestrator/store"
)

// Submission is an array that was submitted, as a run's folder of logs keeps it.
type Submission struct {
	Job      string    `json:"job"`
	Elements int       `json:"elements"`
	Plan     string    `json:"plan"` // digest of what the workers are to plan
	Time     time.Time `json:"time"`
	Run      string    `json:"-"` // the folder's name
}

const (
	submissionName = "slurm.json"
	scriptName     = "slurm.sh"
)

// WriteScript keeps a script in a run's folder of logs, and returns its path.
func WriteScript(logs, script string) (string, error) {
	path := filepath.Join(logs, scriptName)
	return path, errors.Join(os.MkdirAll(logs, 0o777), os.WriteFile(path, []byte(script), 0o666))
}

// Keep writes a submission into the run's folder of logs.
func (s Submission) Keep(logs string) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(logs, submissionName), append(text, '\n'), 0o666)
}

// Submissions reads those of runs that had one.
func Submissions(logs string, runs []string) ([]Submission, error) {
	var list []Submission
	for _, run := range runs {
		path := filepath.Join(logs, run, submissionName)
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return nil, err
		}
		s := Submission{Run: run}
		if err := json.Unmarshal(text, &s); err != nil || !jobID.MatchString(s.Job) {
			return nil, fmt.Errorf("%s cannot be read (%v): remove it if none of its jobs is in the queue", path, err)
		}
		list = append(list, s)
	}
	return list, nil
}

// ActiveAmong lists the submissions of which elements work or wait, the latest first.
func ActiveAmong(ctx context.Context, submissions []Submission) (active []Submission, err error) {
	elements, err := queue(ctx, JobsOf(submissions)...)
	if err != nil {
		return nil, err
	}
	for _, submission := range slices.Backward(submissions) {
		if slices.ContainsFunc(elements, func(e Element) bool { return e.Job == submission.Job && e.Active() }) {
			active = append(active, submission)
		}
	}
	return active, nil
}

// JobsOf lists the jobs of submissions.
func JobsOf(submissions []Submission) (jobs []string) {
	for _, submission := range submissions {
		jobs = append(jobs, submission.Job)
	}
	return jobs
}

// Here is the job that this process is in; nil if it is in none.
func Here() *store.Job {
	job := &store.Job{ID: os.Getenv("SLURM_ARRAY_JOB_ID"), Index: os.Getenv("SLURM_ARRAY_TASK_ID"), Node: os.Getenv("SLURMD_NODENAME")}
	if job.ID == "" {
		job.ID, job.Index = os.Getenv("SLURM_JOB_ID"), ""
	}
	if job.ID == "" {
		return nil
	}
	job.Restarts, _ = strconv.Atoi(os.Getenv("SLURM_RESTART_COUNT"))
	return job
}

// Others is how many more jobs the array of this one has; 0 outside one.
func Others() int {
	count, _ := strconv.Atoi(os.Getenv("SLURM_ARRAY_TASK_COUNT"))
	return max(0, count-1)
}

// Status is what became of a submission's jobs.
type Status struct {
	Submission
	Elements []Element `json:"elements_now"`
	Problem  string    `json:"problem,omitempty"` // why nothing is known of them

	logs string
}

// StatusOf looks a submission's jobs up. logs is the folder of its run's logs.
func StatusOf(ctx context.Context, submission Submission, logs string) (*Status, error) {
	s := &Status{Submission: submission, Elements: []Element{}, logs: logs}
	elements, err := queue(ctx, submission.Job)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	} else if err != nil { // what the store says is worth showing all the same
		s.Problem = err.Error()
		return s, nil
	}
	if s.Elements = append(s.Elements, elements...); len(elements) < submission.Elements {
		s.account(ctx)
	}
	return s, nil
}

// account adds the elements that the queue has forgotten.
func (s *Status) account(ctx context.Context) {
	accounts, known := Account(ctx, s.Job)
	if !known && len(s.Elements) == 0 {
		s.Problem = "its jobs have left the queue, and the cluster keeps no accounts of how"
	}
	for _, element := range accounts {
		if !slices.ContainsFunc(s.Elements, func(e Element) bool { return e.Name() == element.Name() }) {
			s.Elements = append(s.Elements, element)
		}
	}
}

// Text says what the jobs do, and how those that failed did.
func (s *Status) Text() string {
	if s.Problem != "" {
		return fmt.Sprintf("job %s: %s\n", s.Job, s.Problem)
	}
	var text strings.Builder
	fmt.Fprintln(&text, queueLine(s.Job, s.Elements))
	for _, element := range s.Elements {
		if element.Failed() {
			fmt.Fprintln(&text, "  "+strings.ReplaceAll(failedLine(element, s.logs), "\n", "\n  "))
		}
	}
	return text.String()
}

// Active reports whether an element works or waits.
func (s *Status) Active() bool { return s != nil && slices.ContainsFunc(s.Elements, Element.Active) }
