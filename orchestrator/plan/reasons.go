package plan

import (
	"bytes"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"kizu/orchestrator/stage"
	"kizu/orchestrator/store"
)

// history is what a store made before, for the question why something is made again.
type history struct {
	store   *store.Store
	entries map[string][]*store.Entry // by kind and label, the latest last
	made    map[string]bool           // kind/key of everything that was ever committed
}

func historyOf(s *store.Store, entries []store.Entry) history {
	h := history{s, map[string][]*store.Entry{}, map[string]bool{}}
	for i := range entries {
		entry := &entries[i]
		cell := cellOf(entry.Kind, entry.Label)
		h.entries[cell] = append(h.entries[cell], entry)
		h.made[entry.Kind+"/"+entry.Key] = true
	}
	return h
}

// cellOf names what a task is for, apart from its numbers: its label, without
// the count of images that some begin with.
func cellOf(kind, label string) string {
	return kind + " " + strings.TrimLeft(label, "0123456789 ")
}

// explain fills in why a task that the store does not have is run: it is new,
// or it differs from the nearest artifact of the same cell that is still there.
func (p *Plan) explain(task *Task, h history) {
	if h.made[task.Kind+"/"+task.Key] {
		task.Reason = "made before, and not there any more: removed, or found damaged"
	} else {
		p.nearest(task, h)
	}
	switch {
	case task.Before != "":
		task.Reason = "changed: " + oneLine(task.Changes)
	case task.Reason == "":
		task.Reason = "new"
	}
	task.Reason += task.whole()
	if task.Resume != nil {
		task.Reason += "; continues " + task.Resume.ID
	}
}

// pair holds two identities that are compared: thousands are, one after the other.
type pair struct{ before, after bytes.Buffer }

var pairs = sync.Pool{New: func() any { return &pair{} }}

// candidates is how many earlier artifacts of a cell are looked at.
const candidates = 5

// nearest finds, among the latest artifacts of a task's cell, the one that
// differs in the fewest fields, and in which.
func (p *Plan) nearest(task *Task, h history) {
	entries := h.entries[cellOf(task.Kind, task.Label)]
	if len(entries) == 0 {
		return
	}
	looked, pair := 0, pairs.Get().(*pair)
	defer pairs.Put(pair)
	pair.after.Reset()
	stage.WriteIdentity(&pair.after, task.Spec, task.version)
	identity := pair.after.Bytes()
	for _, entry := range slices.Backward(entries) {
		before, err := h.store.Identity(task.Kind, entry.Key, &pair.before)
		if err != nil {
			continue // it is gone, or damaged: kizu verify finds that
		}
		changes, err := differ(before, identity, p.refName)
		if err != nil {
			continue // damaged too
		}
		if task.Before == "" || len(changes) < len(task.Changes) {
			task.Before, task.Changes = entry.Key, changes
		}
		if looked++; looked == candidates || len(task.Changes) == 1 {
			break
		}
	}
}

// oneLine writes a few differences on one line.
func oneLine(changes []Difference) string {
	const shown = 3
	var parts []string
	for _, change := range changes[:min(shown, len(changes))] {
		parts = append(parts, change.String())
	}
	if more := len(changes) - shown; more > 0 {
		parts = append(parts, fmt.Sprintf("%d more", more))
	}
	return strings.Join(parts, ", ")
}

// Compare looks every task up in the store and says whether it will be reused or run, and why.
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
	return slices.DeleteFunc(slices.Clone(p.Tasks), func(task *Task) bool { return task.Reuse })
}
