//go:build !cgo

package pyembed

import (
	"context"
	"errors"
)

// Runtime cannot be had in a program built without cgo.
type Runtime struct{}

var errNoCgo = errors.New("pyembed: this program was built without cgo, which Python needs: install a C compiler and build with CGO_ENABLED=1")

// Start fails.
func Start(Config) (*Runtime, error) { return nil, errNoCgo }

// Call fails.
func (*Runtime) Call(context.Context, string, any, any) error { return errNoCgo }

// Close does nothing.
func (*Runtime) Close() error { return nil }
