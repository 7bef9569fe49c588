package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"kizu/orchestrator/experiment"
	"kizu/orchestrator/plan"
	"kizu/orchestrator/store"
)

// published is what an experiment came to, kept beside its file, so that whoever
// runs it sees whether the same came out. The table is kept as text next to it.
type published struct {
	Experiment   string              `json:"experiment"`
	Environments []environment       `json:"environments"` // that it came out the same in
	Artifacts    []publishedArtifact `json:"artifacts"`    // in the plan's order: what one is made from comes before it
}

type publishedArtifact struct {
	Task     string `json:"task"` // its label
	Kind     string `json:"kind"`
	Key      string `json:"key"`
	Together int    `json:"together,omitempty"` // tasks that were computed at the same time
	Contents string `json:"contents"`           // SHA-256 over the lines that sha256sum prints of its files
}

// contentsOf is one hash of all files of an artifact but its manifest.
func contentsOf(m *store.Manifest) string {
	files := slices.SortedFunc(slices.Values(m.Files), func(a, b store.File) int { return strings.Compare(a.Name, b.Name) })
	hash := sha256.New()
	for _, file := range files {
		fmt.Fprintf(hash, "%s  %s\n", file.SHA256, file.Name)
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// publishedWidth is the number of columns of a published table.
const publishedWidth = 100

// PublishedPath is where what an experiment came to is published: published/NAME.json
// beside its file.
func PublishedPath(exp *experiment.Experiment) string {
	return filepath.Join(exp.Dir, "published", exp.Name+".json")
}

// Publish writes what the experiment came to, for others to compare with, and
// the table as text. Where the same was published before, this environment joins
// those that it came out in.
func (r *Report) Publish() (path string, err error) {
	if changes := r.plan.Experiment.Changes; len(changes) > 0 {
		return "", fmt.Errorf("report: what is published is of the file as it is, not as --set %s changes it", changes[0])
	}
	if n := len(r.plan.Tasks) - len(r.record.tasks); n > 0 {
		return "", fmt.Errorf("report: nothing is published, since %s of %d not done: finish the run first", plural(n, "task"), len(r.plan.Tasks))
	}
	now := published{r.plan.Experiment.Name, r.record.list(), r.artifacts()}
	path = PublishedPath(r.plan.Experiment)
	if was, err := readPublished(path); err == nil && slices.Equal(was.contents(), now.contents()) {
		now.Environments = joined(was.Environments, now.Environments)
		now.Artifacts = was.Artifacts
	}
	err = replace(path, func(w io.Writer) error {
		lines := json.NewEncoder(w)
		lines.SetIndent("", "  ")
		return lines.Encode(now)
	})
	if err == nil {
		err = replace(tablePath(path), func(w io.Writer) error {
			_, err := io.WriteString(w, r.publishedTable())
			return err
		})
	}
	if err != nil {
		return "", fmt.Errorf("report: %w", err)
	}
	return path, nil
}

func tablePath(path string) string { return strings.TrimSuffix(path, ".json") + ".txt" }

// publishedTable is the table in the form in which it is published.
func (r *Report) publishedTable() string {
	var out strings.Builder
	r.writeGrids(&out, Screen{Width: publishedWidth})
	return out.String()
}

// joined adds to the environments of before those that are new, whatever number
// of tasks they had and whichever commit of kizu they ran.
func joined(before, now []environment) []environment {
	plain := func(e environment) environment {
		e.Tasks, e.Kizu = 0, ""
		return e
	}
	for _, e := range now {
		if !slices.ContainsFunc(before, func(b environment) bool { return reflect.DeepEqual(plain(b), plain(e)) }) {
			before = append(before, e)
		}
	}
	return before
}

// contents lists keys and hashes, which are equal where the same was computed.
func (p published) contents() []string {
	list := make([]string, len(p.Artifacts))
	for i, a := range p.Artifacts {
		list[i] = a.Kind + "/" + a.Key + " " + a.Contents
	}
	return list
}

func readPublished(path string) (p published, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return p, err
	}
	strict := json.NewDecoder(bytes.NewReader(text))
	strict.DisallowUnknownFields()
	return p, strict.Decode(&p)
}

// compared says in one sentence, without its full stop, whether what was computed
// is what was published; "" where nothing was, or not of this form of the
// experiment.
func (r *Report) compared() string {
	path := PublishedPath(r.plan.Experiment)
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
	}
	if text := r.differs(was, name); text != "" {
		return text
	}
	table, err := os.ReadFile(tablePath(path))
	if err != nil || string(table) != r.publishedTable() {
		return fmt.Sprintf("all %d artifacts are those of %s, byte for byte, though the table is written in another way than the one published", len(was.Artifacts), name)
	}
	return fmt.Sprintf("the published table, byte for byte: all %d artifacts are those of %s", len(was.Artifacts), name)
}

// artifacts lists what is done, as it is published.
func (r *Report) artifacts() []publishedArtifact {
	var list []publishedArtifact
	for _, task := range r.record.tasks {
		if m, err := r.store.Manifest(task.Kind, task.Key); err == nil {
			list = append(list, publishedArtifact{task.Label, task.Kind, task.Key, m.Together, contentsOf(m)})
		}
	}
	return list
}

// differs says what is not as it was published, "" where nothing is.
func (r *Report) differs(was published, name string) string {
	known := map[string]publishedArtifact{}
	for _, a := range was.Artifacts {
		known[a.Kind+"/"+a.Key] = a
	}
	tasks := r.plan.Tasks
	for _, task := range tasks {
		if _, same := known[task.Kind+"/"+task.Key]; !same {
			return fmt.Sprintf("not compared with %s, which is of other tasks: %s has another key there, since the experiment, its photos or kizu's code has changed", name, task.Label)
		}
	}
	if len(tasks) != len(was.Artifacts) {
		return fmt.Sprintf("not compared with %s, which is of %s instead of %d", name, plural(len(was.Artifacts), "task"), len(tasks))
	}
	here := r.artifacts()
	others := slices.DeleteFunc(slices.Clone(here), func(a publishedArtifact) bool { return a.Contents == known[a.Kind+"/"+a.Key].Contents })
	switch {
	case len(others) > 0:
		return fmt.Sprintf("not the published table: %d of %s differ from those of %s, the first of them %s; %s",
			len(others), plural(len(tasks), "artifact"), name, others[0].Task, r.unlike(was, others[0], known[others[0].Kind+"/"+others[0].Key]))
	case len(here) < len(tasks):
		return fmt.Sprintf("%d of %d artifacts are those of %s, byte for byte, and %d are missing", len(here), len(tasks), name, len(tasks)-len(here))
	}
	return ""
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
			parts = append(parts, fmt.Sprintf("the published one with %s %s", p.name, sentenceList(there)))
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
