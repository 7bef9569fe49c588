package report

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"kizu/orchestrator/experiment"
)

// results is results.json.
type results struct {
	Experiment string            `json:"experiment"`
	Question   string            `json:"question"`
	Answer     []string          `json:"answer"` // in words, the most important sentence first
	Seeds      []int64           `json:"seeds"`
	Test       *testSet          `json:"test,omitempty"` // of study 2
	Reference  *referenceResult  `json:"reference,omitempty"`
	Changes    []string          `json:"changes,omitempty"` // of the experiment file, by --set
	Conditions []conditionResult `json:"conditions"`        // of study 2, over seeds
	Pairs      []pairResult      `json:"comparisons"`
	Cells      []cellResult      `json:"cells"`
	Notes      []tableNotes      `json:"notes"` // what the tables say below them
	Versions   map[string]string `json:"versions"`
	Devices    []string          `json:"devices"`
	// What tasks were computed with, the most frequent first.
	Environments []environment `json:"environments"`

	Jobs  []jobTasks   `json:"jobs,omitempty"` // of a workload manager, that ran the tasks
	Times []kindResult `json:"times"`
}

// tableNotes are what qualifies the figures of one table.
type tableNotes struct {
	Table string   `json:"table"`
	Notes []string `json:"notes"`
}

type testSet struct {
	Images           map[string]int `json:"images"` // by class
	Total            int            `json:"total"`
	MajorityClass    string         `json:"majority_class"`
	MajorityBaseline float64        `json:"majority_baseline"`
}

// referenceResult is what the experiment file says that somebody else reported.
type referenceResult struct {
	Name       string             `json:"name"`
	Source     string             `json:"source"`
	TestImages int                `json:"test_images,omitempty"`
	Accuracy   map[string]float64 `json:"accuracy"` // by training set
}

type cellResult struct {
	Study   string             `json:"study"` // generation or classification
	Name    string             `json:"name"`
	Seed    int64              `json:"seed"`
	State   state              `json:"state"` // done, failed or missing
	Reason  string             `json:"reason,omitempty"`
	Tasks   []string           `json:"tasks"`   // ids, as kizu plan prints them
	Metrics map[string]float64 `json:"metrics"` // empty unless done
}

type kindResult struct {
	Kind    string  `json:"kind"`
	Done    int     `json:"done"`
	Planned int     `json:"planned"`
	Seconds float64 `json:"seconds"` // of all that are done
}

// JSON writes results.json.
func (r *Report) JSON(w io.Writer) error {
	exp := r.plan.Experiment
	all := results{
		Experiment: exp.Name, Question: exp.Question, Answer: r.answer(), Seeds: exp.Seeds,
		Conditions: r.conditionResults(), Pairs: r.pairResults(), Cells: []cellResult{}, Notes: []tableNotes{}, Versions: r.record.versions, Devices: r.record.devices, Jobs: r.record.jobs, Times: []kindResult{},
	}
	if ref := r.reference(); ref != nil {
		all.Reference = &referenceResult{ref.Name, ref.Source, ref.TestImages, ref.Accuracy}
	}
	all.Changes = exp.Changes
	for _, g := range r.grids() {
		if len(g.notes) > 0 {
			all.Notes = append(all.Notes, tableNotes{g.title, g.notes})
		}
	}
	all.Environments = append([]environment{}, r.record.list()...)
	if all.Devices == nil {
		all.Devices = []string{}
	}
	if r.tests.total > 0 {
		all.Test = &testSet{map[string]int{}, r.tests.total, r.tests.majority, r.tests.baseline}
		for _, class := range r.tests.classes {
			all.Test.Images[class.Name] = class.Count
		}
	}
	for _, c := range r.cells {
		entry := cellResult{
			Study: c.Study, Name: c.Name, Seed: c.Seed, State: c.state, Reason: c.reason,
			Tasks: []string{}, Metrics: map[string]float64{},
		}
		for _, task := range c.Tasks() {
			entry.Tasks = append(entry.Tasks, task.ID)
		}
		for _, m := range c.metrics {
			entry.Metrics[m.name] = m.value
		}
		all.Cells = append(all.Cells, entry)
	}
	for _, k := range r.record.kinds {
		seconds := k.Total.Round(time.Millisecond).Seconds()
		all.Times = append(all.Times, kindResult{k.Kind, k.Done, k.Planned, seconds})
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(all)
}

// writeCSV writes results.csv: one row for each cell and metric. A cell without
// a result has its first metric with an empty value, so that it is not
// overlooked; pandas reads that as NaN. Names are as spreadsheets take for text.
func (r *Report) writeCSV(w io.Writer) error {
	table := csv.NewWriter(w)
	rows := [][]string{{"experiment", "study", "name", "seed", "metric", "value"}}
	for _, c := range r.cells {
		row := func(name, value string) {
			rows = append(rows, []string{r.plan.Experiment.Name, c.Study, spreadsheetText(c.Name), fmt.Sprint(c.Seed), name, value})
		}
		for _, m := range c.metrics {
			row(m.name, strconv.FormatFloat(m.value, 'g', -1, 64))
		}
		switch {
		case c.state == done:
		case c.Study == experiment.Generation:
			row("n_images", "")
		default:
			row("accuracy", "")
		}
	}
	return table.WriteAll(rows)
}

// spreadsheetText keeps a spreadsheet from computing a name that looks like a
// formula: it gets an apostrophe before it (owasp.org, "CSV Injection").
func spreadsheetText(name string) string {
	if name != "" && strings.ContainsRune("=+-@\t\r", rune(name[0])) {
		return "'" + name
	}
	return name
}
