package plan

import (
	"fmt"
	"slices"
	"strings"

	"kizu/orchestrator/store"
)

// history is what a store made before, for the question why something is made
// again.
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
func (p *Plan) explain(task *Task, h history) error {
	if h.made[task.Kind+"/"+task.Key] {
		task.Reason = "made before, and not there any more: removed, or found damaged"
	} else if err := p.nearest(task, h); err != nil {
		return err
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
	return nil
}

// candidates is how many earlier artifacts of a cell are looked at.
const candidates = 5

// nearest finds, among the latest artifacts of a task's cell, the one that
// differs in the fewest fields, and in which.
func (p *Plan) nearest(task *Task, h history) error {
	entries := h.entries[cellOf(task.Kind, task.Label)]
	if len(entries) == 0 {
		return nil
	}
	identity, looked := task.Identity(), 0
	for _, entry := range slices.Backward(entries) {
		if !h.store.Has(task.Kind, entry.Key) {
			continue
		}
		m, err := h.store.Manifest(task.Kind, entry.Key)
		if err != nil || len(m.Identity) == 0 {
			continue // a damaged manifest explains nothing; kizu verify finds it
		}
		changes, err := differ(m.Identity, identity, p.refName)
		if err != nil {
			return err
		}
		if task.Before == "" || len(changes) < len(task.Changes) {
			task.Before, task.Changes = entry.Key, changes
		}
		if looked++; looked == candidates || len(task.Changes) == 1 {
			break
		}
	}
	return nil
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
