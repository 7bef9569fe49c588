package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"
)

// TestVerifyAllStops at a signal, after the artifact at hand.
func TestVerifyAllStops(t *testing.T) {
	st, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	identity := []byte(`{"kind":"classify"}`)
	m := &Manifest{Kind: "classify", Key: fmt.Sprintf("%x", sha256.Sum256(identity)), Identity: identity}
	staging, err := st.Begin(m.Kind, m.Key)
	if err == nil {
		err = staging.Commit(m)
	}
	if err != nil {
		t.Fatal(err)
	}
	if found, err := st.VerifyAll(t.Context()); err != nil || found.Artifacts != 1 || len(found.Damaged) > 0 {
		t.Fatalf("%+v, %v", found, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if found, err := st.VerifyAll(ctx); !errors.Is(err, context.Canceled) || found.Artifacts != 0 {
		t.Errorf("%+v, %v", found, err)
	}
}
