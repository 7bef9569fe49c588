package command

import (
	"path/filepath"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/execute/progress"
)

// photoReader is the Python that reads photos, and draws them.
func (s *settings) photoReader(home string) (dataset.Python, error) {
	python, err := filepath.Abs(s.python(home))
	return dataset.Python{Program: python, Scripts: filepath.Join(home, "scripts")}, err
}

// readingProgress shows on the screen how photos are read; nil for not at all.
func (s *settings) readingProgress() func(done, total int) {
	if s.on(setQuiet) || s.text(setLogFormat) == "json" {
		return nil
	}
	return progress.Reading(s.stderr, terminalWidth(s.stderr) > 0)
}
