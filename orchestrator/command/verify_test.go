package command

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"

	"kizu/orchestrator/store"
)

// TestVerifyStops at a signal, after the artifact at hand.
func TestVerifyStops(t *testing.T) {
	st, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	identity := []byte(`{"kind":"classify"}`)
	m := &store.Manifest{Kind: "classify", Key: fmt.Sprintf("%x", sha256.Sum256(identity)), Identity: identity}
	staging, err := st.Begin(m.Kind, m.Key)
	if err == nil {
		err = staging.Commit(m)
	}
	if err != nil {
		t.Fatal(err)
	}
	if found, err := verify(t.Context(), st); err != nil || found.Artifacts != 1 || len(found.Damaged) > 0 {
		t.Fatalf("%+v, %v", found, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if found, err := verify(ctx, st); !errors.Is(err, context.Canceled) || found.Artifacts != 0 {
		t.Errorf("%+v, %v", found, err)
	}
}
