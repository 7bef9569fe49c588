package datasettest

import (
	"os"
	"path/filepath"
	"testing"

	"kizu/orchestrator/dataset"
)

// began is where the test began; it may be elsewhere since.
var began, _ = os.Getwd()

// Home is the folder of kizu's scripts and virtual environment, above the
// folder that the test began in.
func Home(tb testing.TB) string {
	tb.Helper()
	for dir := began; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "scripts", "versions.json")); err == nil {
			return dir
		}
	}
	tb.Fatal("no folder above the test's has kizu's scripts")
	return ""
}

// Python is the reader of photos that the program uses.
func Python(tb testing.TB) dataset.Python {
	tb.Helper()
	home := Home(tb)
	return dataset.Python{Program: filepath.Join(home, ".venv", "bin", "python3"), Scripts: filepath.Join(home, "scripts")}
}
