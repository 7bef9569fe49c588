package execute

import (
	"errors"
	"sync"

	"kizu/orchestrator/store"
)

// checked is the set of artifacts that were hashed in a run.
type checked struct {
	mu   sync.Mutex
	keys map[string]bool
}

// verifyOnce makes sure that an artifact is what was committed, once in a run. A
// damaged one is set aside, so that the next plan makes it again.
func (r *run) verifyOnce(kind, key string) error {
	r.checked.mu.Lock()
	defer r.checked.mu.Unlock()
	if r.checked.keys[key] {
		return nil
	}
	err := r.cfg.Store.Verify(kind, key)
	var damage *store.DamagedError
	if errors.As(err, &damage) {
		_, moving := r.cfg.Store.SetAside(kind, key)
		return errors.Join(err, moving)
	}
	if err == nil {
		r.checked.keys[key] = true
	}
	return err
}
