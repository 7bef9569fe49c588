// Package experimenttest changes for one test what words a setting may be.
package experimenttest

import (
	"testing"

	"kizu/orchestrator/experiment"
)

// WithMethod adds a method of making images to the table for one test.
func WithMethod(t *testing.T, name string, method experiment.Method) {
	t.Helper()
	known := experiment.Choices["generate.method"]
	experiment.Methods[name] = method
	experiment.Choices["generate.method"] = append(known[:len(known):len(known)], name)
	t.Cleanup(func() {
		delete(experiment.Methods, name)
		experiment.Choices["generate.method"] = known
	})
}
