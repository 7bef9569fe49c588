package store

import (
	"context"
	"errors"
	"io/fs"
)

// Verification is what hashing every artifact again found.
type Verification struct {
	Artifacts  int
	Damaged    []SetAside
	Unreadable []*UnreadableError // of which this user can say nothing; they stay where they are
}

// SetAside is a damaged artifact and where it was moved to, or why it could not be.
type SetAside struct {
	*DamagedError
	Kept string
	Err  error
}

// VerifyAll hashes every artifact again, and sets damaged ones aside, where this user can. It
// ends with ctx after the artifact at hand.
func (s *Store) VerifyAll(ctx context.Context) (v Verification, err error) {
	err = s.All(func(kind, key string) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := s.Verify(kind, key)
		if errors.Is(err, fs.ErrNotExist) { // removed meanwhile, or a folder without a manifest: no artifact
			return nil
		}
		v.Artifacts++
		var damage *DamagedError
		var shut *UnreadableError
		switch {
		case errors.As(err, &damage):
			place, err := s.SetAside(kind, key)
			v.Damaged = append(v.Damaged, SetAside{damage, place, err})
			return nil
		case errors.As(err, &shut):
			v.Unreadable = append(v.Unreadable, shut)
			return nil
		}
		return err
	})
	return v, err
}
