package runlog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"kizu/orchestrator/filehash"
	"kizu/orchestrator/plan"
	"kizu/orchestrator/store"
)

// FailureLog is the folder in which the workers of one run, on any number of machines,
// tell each other and whoever watches them what the store does not say: which
// tasks have failed, so that each fails once and not once a worker.
type FailureLog struct {
	dir string
}

// FailureLogOf is the failure log of a run whose logs are in a folder.
func FailureLogOf(logs string) *FailureLog { return &FailureLog{filepath.Join(logs, "failed")} }

// report is a failure as it is written down.
type report struct {
	Task       string              `json:"task"`
	Label      string              `json:"label"`
	Message    string              `json:"message"`
	Log        string              `json:"log"`
	Surprising bool                `json:"surprising"`
	Job        *store.Job          `json:"job,omitempty"` // that it failed in
	Damage     *store.DamagedError `json:"damage,omitempty"`
}

// ReportedError is a task that failed in another process of the run.
type ReportedError struct {
	report
}

func (e *ReportedError) Error() string {
	if e.Job != nil {
		return fmt.Sprintf("%s (in job %s on %s)", e.Message, e.Job.Name(), e.Job.Node)
	}
	return e.Message
}

// LogFile implements Logged.
func (e *ReportedError) LogFile() string { return e.Log }

// Explained implements Logged.
func (e *ReportedError) Explained() bool { return !e.Surprising }

// Unwrap is the damaged input that made the task fail, if one did.
func (e *ReportedError) Unwrap() error {
	if e.Damage != nil {
		return e.Damage
	}
	return nil
}

func (l *FailureLog) path(key string) string { return filepath.Join(l.dir, key+".json") }

// Fail writes down that a task failed here.
func (l *FailureLog) Fail(task *plan.Task, job *store.Job, failure error) error {
	if l == nil {
		return nil
	}
	r := report{task.ID, task.Label, failure.Error(), logOf(failure), Surprising(failure), job, nil}
	_ = errors.As(failure, &r.Damage)
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(l.dir, 0o777); err != nil {
		return err
	}
	return filehash.Replace(l.path(task.Key), append(text, '\n'))
}

// Failure is why a task failed in another process of the run; nil if it did not.
func (l *FailureLog) Failure(task *plan.Task) error {
	if l == nil {
		return nil
	}
	text, err := os.ReadFile(l.path(task.Key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	failed := &ReportedError{}
	if err == nil {
		err = json.Unmarshal(text, &failed.report)
	}
	if err != nil {
		return fmt.Errorf("%s failed in another worker, and why cannot be read: %w", task.Label, err)
	}
	return failed
}

// Failures gives every failed one of some tasks with its reason, by id.
func (l *FailureLog) Failures(tasks []*plan.Task) map[string]error {
	failures := map[string]error{}
	for _, task := range tasks {
		if err := l.Failure(task); err != nil {
			failures[task.ID] = err
		}
	}
	return failures
}

// Texts says of every failed task what it is called and why it failed, for who has no plan. What
// cannot be read is passed over.
func (l *FailureLog) Texts() (texts []string) {
	entries, _ := os.ReadDir(l.dir)
	for _, entry := range entries {
		failed := &ReportedError{}
		if text, err := os.ReadFile(filepath.Join(l.dir, entry.Name())); err == nil && json.Unmarshal(text, &failed.report) == nil {
			texts = append(texts, failed.Label+": "+failed.Error())
		}
	}
	slices.Sort(texts)
	return texts
}

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

// Surprising tells failures that only their log explains from those whose message says it all.
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
