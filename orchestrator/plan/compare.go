package plan

import (
	"runtime"

	"golang.org/x/sync/errgroup"

	"kizu/orchestrator/stage"
	"kizu/orchestrator/store"
)

// Compare looks every task up in the store and says whether it will be reused
// or run, and why.
func (p *Plan) Compare(s *store.Store) error {
	for _, task := range p.Tasks {
		task.Reuse, task.Changes, task.Before = s.Has(task.Kind, task.Key), nil, ""
		if task.Reason = ""; task.Reuse {
			task.Reason = "in the store"
		}
	}
	toRun := p.ToRun()
	if len(toRun) == 0 {
		return nil
	}
	entries, err := s.Journal()
	if err != nil {
		return err
	}
	p.journal = entries
	h := historyOf(s, entries)
	var group errgroup.Group // most of the time goes into decoding manifests
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, task := range toRun {
		group.Go(func() error { p.explain(task, h); return nil })
	}
	return group.Wait()
}

// whole says why a training continues no shorter one, if its schedule is why.
func (t *Task) whole() string {
	spec, ok := t.Spec.(stage.Chained)
	if !ok || spec.Whole() == "" {
		return ""
	}
	return "; trained whole: " + spec.Whole()
}

// ToRun lists the tasks whose artifacts are missing, inputs first.
func (p *Plan) ToRun() []*Task {
	var tasks []*Task
	for _, task := range p.Tasks {
		if !task.Reuse {
			tasks = append(tasks, task)
		}
	}
	return tasks
}
