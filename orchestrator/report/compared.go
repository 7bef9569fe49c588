package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/filehash"
	"kizu/orchestrator/plan"
)

// readPublished reads what was published; an error says why that cannot be.
func readPublished(path string) (p published, err error) {
	text, err := filehash.ReadRegular(path)
	if err != nil {
		return p, err
	}
	strict := json.NewDecoder(bytes.NewReader(text))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&p); err != nil {
		return p, err
	}
	if _, err := strict.Token(); !errors.Is(err, io.EOF) {
		return p, errors.New("there is more after its end")
	}
	if len(p.Artifacts) == 0 {
		return p, errors.New("it lists no artifacts")
	}
	return p, nil
}

// comparison says in one sentence, without its full stop, whether what was computed is what was
// published; "" where nothing was, or not of this form of the experiment.
func (r *Report) comparison() string {
	path := publishedPath(r.plan.Experiment)
	if len(r.plan.Experiment.Changes) > 0 {
		return ""
	}
	was, err := readPublished(path)
	name := filepath.Base(filepath.Dir(path)) + "/" + filepath.Base(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return ""
	case err != nil:
		return fmt.Sprintf("not compared with %s, which cannot be read: %v", name, err)
	case was.Experiment != r.plan.Experiment.Name:
		return fmt.Sprintf("not compared with %s, which is of the experiment %s", name, was.Experiment)
	}
	if text := r.ofOthers(was); text != "" {
		return fmt.Sprintf("not compared with %s, which is of other tasks: %s, since the experiment, its photos or kizu's code has changed", name, text)
	}
	runs, here, err := r.artifacts()
	if err != nil {
		return fmt.Sprintf("not compared with %s: %v", name, err)
	}
	return r.sameness(was, here, runs, name)
}

// ofOthers says which task is not among those published, "" if none.
func (r *Report) ofOthers(was published) string {
	known := map[string]string{}
	for _, a := range was.Artifacts {
		known[a.Kind+"/"+a.Key] = a.Task
	}
	for _, task := range r.plan.Tasks {
		if _, same := known[task.Kind+"/"+task.Key]; !same {
			return task.Label + " is not there with this key"
		}
	}
	if len(r.plan.Tasks) != len(was.Artifacts) {
		return fmt.Sprintf("there are %d, and %d here", len(was.Artifacts), len(r.plan.Tasks))
	}
	return ""
}

// sameness compares what is here with what was published of the same tasks.
func (r *Report) sameness(was published, here []publishedArtifact, runs []string, name string) string {
	known := map[string]publishedArtifact{}
	for _, a := range was.Artifacts {
		known[a.Kind+"/"+a.Key] = a
	}
	others := slices.DeleteFunc(slices.Clone(here), func(a publishedArtifact) bool { return known[a.Kind+"/"+a.Key].Contents == a.Contents })
	all, table := len(was.Artifacts), r.sameTable(publishedPath(r.plan.Experiment))
	switch {
	case len(others) > 0:
		start := "not the published table"
		if table {
			start = "the published table, though not made from the published artifacts"
		}
		first := others[0]
		return fmt.Sprintf("%s: %d of %d differ from those of %s, the first of them %s; %s", start, len(others), all, name, first.Task,
			r.unlike(was, first, known[first.Kind+"/"+first.Key]))
	case len(here) < all:
		return fmt.Sprintf("%d of %d artifacts are those of %s, byte for byte, and %d are missing", len(here), all, name, all-len(here))
	case !table:
		return fmt.Sprintf("all %d artifacts are those of %s, byte for byte, though %s is missing or shows the table in another way", all, name, filepath.Base(tablePath(name)))
	}
	text := fmt.Sprintf("the published table, byte for byte: all %d artifacts are those of %s", all, name)
	if !slices.ContainsFunc(runs, func(run string) bool { return !slices.Contains(was.Runs, run) }) {
		text += ", which was written from them"
	}
	return text
}

// sameTable reports whether the table is the one that was published.
func (r *Report) sameTable(path string) bool {
	text, err := filehash.ReadRegular(tablePath(path))
	return err == nil && string(text) == r.publishedTable()
}

// unlike says where an artifact was made, and in what that is like none of the
// environments of which another was published.
func (r *Report) unlike(was published, a, other publishedArtifact) string {
	at := slices.IndexFunc(r.record.tasks, func(task *plan.Task) bool { return task.Key == a.Key && task.Kind == a.Kind })
	e := r.record.environments[r.record.tasks[at]]
	parts := []string{"it was made on " + e.Title()}
	for _, p := range r.record.properties() {
		var there []string
		for _, published := range was.Environments {
			there = appendNew(there, p.of(published))
		}
		if here := p.of(e); here != "" && len(there) > 0 && !slices.Contains(there, here) {
			parts = append(parts, fmt.Sprintf("the published one with %s %s", p.name, english.WordSeries(there, "and")))
		}
	}
	if a.Together != other.Together {
		parts = append(parts, fmt.Sprintf("in a group of %d, the published one in a group of %d", max(a.Together, 1), max(other.Together, 1)))
	}
	if len(parts) == 1 {
		parts = append(parts, "nothing else that is recorded differs")
	}
	return strings.Join(parts, ", ")
}
