package runlog

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
)

// Logged is an error of a task that has a log.
type Logged interface {
	error
	// LogFile is the log's path.
	LogFile() string
	// Explained reports whether the error says all that the log would.
	Explained() bool
}

// logOf is the log of a failed task; "" if it has none.
func logOf(err error) string {
	if logged := Logged(nil); errors.As(err, &logged) {
		return logged.LogFile()
	}
	return ""
}

// Surprising tells failures that only their log explains from those whose
// message says it all.
func Surprising(failure error) bool {
	logged := Logged(nil)
	return errors.As(failure, &logged) && !logged.Explained() && logged.LogFile() != ""
}

// tailBytes is how much of a failed task's log is shown with its failure.
const tailBytes = 8 << 10

// LogTail is the end of a failed task's log, cut at a line; "" if there is none.
func LogTail(failure error) string { return tail(logOf(failure)) }

// LastLines is the last few lines of a file; "" if there are none.
func LastLines(path string, n int) string {
	lines := strings.Split(strings.TrimSpace(tail(path)), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// tail is the end of a file, cut at a line; "" if there is none.
func tail(path string) string {
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return ""
	}
	start := max(0, info.Size()-tailBytes)
	text, err := io.ReadAll(io.NewSectionReader(file, start, tailBytes))
	if err != nil {
		return ""
	}
	if start > 0 {
		_, text, _ = bytes.Cut(text, []byte("\n"))
	}
	return strings.ToValidUTF8(string(text), "�")
}
