package slurm

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

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
