package report

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/experiment"
	"kizu/orchestrator/report/table"
	"kizu/orchestrator/store"
)

// published is what an experiment came to, kept beside its file, so that whoever
// runs it sees whether the same came out. The table is kept as text next to it.
type published struct {
	Experiment   string              `json:"experiment"`
	Runs         []string            `json:"runs"`         // that made the artifacts
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

// publishedPath is where what an experiment came to is published: published/NAME.json
// beside its file.
func publishedPath(exp *experiment.Experiment) string {
	return filepath.Join(exp.Dir, "published", exp.Name+".json")
}

// Publish writes what the experiment came to, for others to compare with, and the table as text.
// Where the same was published before, this environment joins those that it came out in.
func (r *Report) Publish() (path string, err error) {
	if changes := r.plan.Experiment.Changes; len(changes) > 0 {
		return "", fmt.Errorf("report: what is published is of the file as it is, not as --set %s changes it", changes[0])
	}
	if n := len(r.plan.Tasks) - len(r.record.tasks); n > 0 {
		return "", fmt.Errorf("report: nothing is published, since %s of %d not done: finish the run first", english.Plural(n, "task", ""), len(r.plan.Tasks))
	}
	now := published{r.plan.Experiment.Name, nil, r.record.list(), nil}
	if now.Runs, now.Artifacts, err = r.artifacts(); err != nil {
		return "", fmt.Errorf("report: nothing is published: %w; kizu verify sets it aside, and kizu run makes it again", err)
	}
	path = publishedPath(r.plan.Experiment)
	if was, err := readPublished(path); err == nil && slices.Equal(was.contents(), now.contents()) {
		now.Environments = joined(was.Environments, now.Environments)
		now.Runs, now.Artifacts = was.Runs, was.Artifacts
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
	r.writeGrids(&out, table.Screen{Width: publishedWidth})
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

// artifacts lists what is done, as it is published, with the runs that made it.
// Every file is hashed again: what a manifest says is not enough.
func (r *Report) artifacts() (runs []string, list []publishedArtifact, err error) {
	for _, task := range r.record.tasks {
		if err := r.store.Verify(task.Kind, task.Key); err != nil {
			return nil, nil, err
		}
		m, err := r.store.Manifest(task.Kind, task.Key)
		if err != nil {
			return nil, nil, err
		}
		runs = appendNew(runs, m.Run)
		list = append(list, publishedArtifact{task.Label, task.Kind, task.Key, m.Together, contentsOf(m)})
	}
	return runs, list, nil
}

// contents lists keys and hashes, which are equal where the same was computed.
func (p published) contents() []string {
	list := make([]string, len(p.Artifacts))
	for i, a := range p.Artifacts {
		list[i] = a.Kind + "/" + a.Key + " " + a.Contents
	}
	return list
}
