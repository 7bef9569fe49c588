package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Collection is what gc found.
type Collection struct {
	Needed  int       // artifacts
	Kept    []Needs   // of runs that are not among those that were named
	Garbage []Garbage // what none of them needs
}

// UnknownRunError is the name of an experiment of which no run is remembered.
type UnknownRunError struct{ Experiment string }

func (e *UnknownRunError) Error() string {
	return fmt.Sprintf("no run of an experiment called %s is remembered", e.Experiment)
}

// Uncollected lists what neither the given needs nor those of other remembered runs,
// but for runs of the experiments to forget, have a use for. Nothing changes.
func (s *Store) Uncollected(current []Needs, forget []string) (c Collection, err error) {
	if c.Kept, err = s.keptRuns(current, forget); err != nil {
		return c, err
	}
	needed := map[string]bool{}
	for _, needs := range slices.Concat(current, c.Kept) {
		for _, artifact := range needs.Artifacts {
			needed[artifact] = true
		}
	}
	c.Needed = len(needed)
	c.Garbage, err = s.Garbage(needed)
	return c, err
}

// Collect removes what Uncollected lists, and forgets the runs of the experiments to
// forget. No run may use the store meanwhile: where one does, the error is ErrLocked.
func (s *Store) Collect(ctx context.Context, current []Needs, forget []string) (c Collection, err error) {
	lock, err := s.LockIdle(ctx)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	if c, err = s.Uncollected(current, forget); err != nil { // when no run can begin any more
		return c, err
	}
	for _, name := range forget {
		if _, err := s.Forget(name); err != nil {
			return c, err
		}
	}
	return c, s.Remove(c.Garbage)
}

// keptRuns are what runs needed that are not among the current ones, and which are not to
// be forgotten. A name that no run had is a mistake.
func (s *Store) keptRuns(current []Needs, forget []string) ([]Needs, error) {
	remembered, err := s.Remembered()
	if err != nil {
		return nil, err
	}
	for _, name := range forget {
		if !slices.ContainsFunc(remembered, func(n Needs) bool { return n.Experiment == name }) {
			return nil, &UnknownRunError{name}
		}
	}
	return slices.DeleteFunc(remembered, func(n Needs) bool {
		return slices.Contains(forget, n.Experiment) || slices.ContainsFunc(current, n.SameRun)
	}), nil
}
