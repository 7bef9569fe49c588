package serve

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"kizu/orchestrator/execute/runlog"
	"kizu/orchestrator/execute/slurm"
	"kizu/orchestrator/stage"
	"kizu/orchestrator/store"
)

// experiment is what a store says of one.
type experiment struct {
	store.Needs // of its latest run; of one that has a report only, its name
	Done        int
	Runs        []*runlog.Live    // that go on
	Job         *slurm.Submission // of the latest run; nil for none
	Failures    []string          // of the latest run: tasks, and why
	Report      *report           // nil for none
	Files       []string          // of the report
	Problem     error             // why something of this cannot be read
}

// report is what is shown of results.json.
type report struct {
	Question string
	Verdict  *struct{ Lines []string }
	Answer   []string
	Written  time.Time `json:"-"`
}

// State says in a word or two how an experiment stands.
func (e *experiment) State() string {
	switch {
	case len(e.Runs) > 0:
		return "running"
	case len(e.Artifacts) == 0:
		return "reported"
	case e.Done == len(e.Artifacts):
		return "done"
	case e.Older() && e.Job != nil:
		return "submitted"
	case len(e.Failures) > 0:
		return "failed"
	}
	return "not finished"
}

// Older reports whether there is no report since the latest run began.
func (e *experiment) Older() bool { return e.Report == nil || e.Report.Written.Before(e.Time) }

// Verdict is what the report decides, or what it answers first.
func (e *experiment) Verdict() []string {
	if e.Report == nil {
		return nil
	} else if e.Report.Verdict != nil {
		return e.Report.Verdict.Lines
	}
	return e.Report.Answer[:min(1, len(e.Report.Answer))]
}

// known has the latest run of every experiment that was run into the store or has a
// report, by name.
func (s *Server) known() (map[string]store.Needs, error) {
	latest := map[string]store.Needs{}
	reports, err := os.ReadDir(s.Store.Reports(""))
	if ifThere(err) != nil {
		return nil, err
	}
	for _, entry := range reports {
		if entry.IsDir() {
			latest[entry.Name()] = store.Needs{Experiment: entry.Name()}
		}
	}
	runs, err := s.Store.Remembered()
	for _, n := range runs {
		if !n.Time.Before(latest[n.Experiment].Time) {
			latest[n.Experiment] = n
		}
	}
	return latest, err
}

// committed has every artifact, as "<kind>/<key>".
func (s *Server) committed() (map[string]bool, error) {
	there := map[string]bool{}
	for _, kind := range stage.Kinds() {
		entries, err := os.ReadDir(s.Store.Dir(kind, ""))
		if ifThere(err) != nil {
			return nil, err
		}
		for _, entry := range entries {
			there[kind+"/"+entry.Name()] = true
		}
	}
	return there, nil
}

// look reads what there is of an experiment. What cannot be read is no reason not to show the rest.
func (s *Server) look(n store.Needs, there map[string]bool) *experiment {
	e, logs := &experiment{Needs: n}, s.Store.Logs("")
	for _, name := range n.Artifacts {
		if there[name] {
			e.Done++
		}
	}
	live, err := runlog.LiveRuns(logs, n.Experiment, s.Store.Host())
	runs, err2 := runlog.Runs(logs, n.Experiment)
	runs = runs[max(0, len(runs)-1):]
	jobs, err3 := slurm.Submissions(logs, runs)
	if e.Runs = live; len(jobs) > 0 {
		e.Job = &jobs[0]
	}
	for _, run := range runs {
		e.Failures = runlog.FailureLogOf(s.Store.Logs(run)).Texts()
	}
	e.Problem = errors.Join(err, err2, err3, e.readReport(s.Store.Reports(n.Experiment)))
	return e
}

// readReport reads which files the report has, and what it says.
func (e *experiment) readReport(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, entry := range entries {
		if entry.Type().IsRegular() && types[filepath.Ext(entry.Name())] != "" {
			e.Files = append(e.Files, entry.Name())
		}
	}
	if !slices.Contains(e.Files, "results.json") {
		return ifThere(err)
	}
	path := filepath.Join(dir, "results.json")
	info, err := os.Stat(path)
	text, err2 := os.ReadFile(path)
	if err = errors.Join(err, err2); err == nil {
		e.Report = &report{Written: info.ModTime()}
		err = json.Unmarshal(text, e.Report)
	}
	return err
}

// ifThere leaves an error that says more than that something is not there.
func ifThere(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
