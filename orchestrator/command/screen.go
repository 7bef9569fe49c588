package command

import (
	"io"
	"math"
	"os"
	"path/filepath"

	"golang.org/x/term" // is this a terminal, and how wide; Go project, BSD

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/execute/progress"
	"kizu/orchestrator/report"
	"kizu/orchestrator/report/table"
)

// terminalWidth is the number of columns of a terminal; 0 if out is none.
func terminalWidth(out io.Writer) int {
	file, ok := out.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) || os.Getenv("TERM") == "dumb" {
		return 0
	}
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil || width < 40 {
		return 80
	}
	return width
}

// planScreen is where a plan is printed: files and programs get every column.
func planScreen(out io.Writer) table.Screen {
	if screen := screenOf(out); terminalWidth(out) > 0 {
		return screen
	}
	return table.Screen{Width: math.MaxInt}
}

// screenOf is where tables are printed. Colour is for terminals that have it,
// unless NO_COLOR (no-color.org) is set to anything.
func screenOf(out io.Writer) table.Screen {
	width := terminalWidth(out)
	if width == 0 {
		return table.Screen{Width: report.TableWidth}
	}
	return table.Screen{Width: width, Colour: os.Getenv("NO_COLOR") == ""}
}

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
